"""Which words moved a score: computed when asked, marked, told in figures, escaped, in bounds."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from service.api.explained import LONGEST_CHARS
from service.moderation.cascade import Cascade
from service.moderation.models.linear import LinearModel
from service.store.staff.accounts import Role
from service.web.queue.moved import LONGEST_WORDS_CHARS, WORDS_SHOWN
from tests.api.house import INSULT, House, json_of
from tests.stock import Stocked, stock
from tests.web.queue import text_of
from tests.web.staff import staffer

SECTION = re.compile(r'<section class="moved">(.*?)</section>', re.DOTALL)
HEADING = re.compile(r"<h3>(.*?)</h3>")
MARK = re.compile(r"<mark>(.*?)</mark>")
WEIGHT = re.compile(r'<dd><bdi>(.*?)</bdi> <span class="number">(.*?)</span></dd>')


def put(house: House, content: str = INSULT) -> str:
    (comment_id,) = stock(house.services.store, [Stocked(content)])
    return comment_id


def path_of(comment_id: str) -> str:
    return f"/moderate/comments/{comment_id}/words?site=demo"


def sections(html: str) -> dict[str, str]:
    """Return what stands below each attribute's heading."""
    return {HEADING.findall(each)[0]: each for each in SECTION.findall(html)}


def test_the_comments_page_and_its_card_lead_to_it(house: House) -> None:
    comment_id = put(house)
    html = staffer(house).get(f"/moderate/comments/{comment_id}?site=demo").get_data(as_text=True)
    links = re.findall(r'<a [^>]*href="([^"]*/words[^"]*)"[^>]*>([^<]*)', html)
    assert len(links) == 2
    for address, name in links:
        assert name == "Which words?"
        assert unescape(address).startswith(f"/moderate/comments/{comment_id}/words?site=demo")


def test_rude_words_are_marked_and_weighed_in_each_models_eyes(house: House) -> None:
    comment_id = str(json_of(house.post(content=INSULT))["id"])
    house.drain()
    answer = staffer(house).get(path_of(comment_id))
    assert answer.status_code == 200
    assert "<html" in answer.get_data(as_text=True)
    insult = sections(answer.get_data(as_text=True))["Insult"]
    assert {"connard", "abruti"} <= set(MARK.findall(insult))
    assert "The first model, by words" in insult
    assert "The second model, by meaning" in insult
    weights = dict(WEIGHT.findall(insult.partition("The second model")[0]))
    assert len(weights) == WORDS_SHOWN
    assert next(iter(weights)) in {"connard", "abruti"}
    assert re.fullmatch(r"\+\d\.\d", weights["connard"])


def test_a_french_moderator_reads_it_in_french(house: House) -> None:
    answer = staffer(house).get(path_of(put(house)), headers={"Accept-Language": "fr"})
    assert "Quels mots ?" in text_of(answer)
    assert re.search(r"connard \+\d,\d", text_of(answer))


def test_the_script_gets_it_alone(house: House) -> None:
    browser = staffer(house)
    part = browser.get(path_of(put(house)), headers={"HX-Request": "true"})
    assert "<html" not in part.get_data(as_text=True)
    assert sections(part.get_data(as_text=True))


def test_hostile_words_are_escaped_and_unseen_ones_shown(house: House) -> None:
    hostile = "Espèce de connard <script>alert(1)</script> ferme \u202eta gueule"
    html = staffer(house).get(path_of(put(house, hostile))).get_data(as_text=True)
    assert "<script>alert" not in html
    moved = sections(html)["Insult"]
    assert "&lt;script&gt;" in moved
    assert "U+202E" in moved
    assert "\u202e" not in moved


def test_of_a_long_comment_only_the_beginning_is_read(house: House) -> None:
    answer = staffer(house).get(path_of(put(house, f"{INSULT} " * 60 + "FIN")))
    found = sections(answer.get_data(as_text=True))
    assert found
    assert "FIN" not in "".join(found.values())
    assert f"Only its beginning was read, {LONGEST_CHARS} characters." in text_of(answer)
    for words, _ in WEIGHT.findall("".join(found.values())):
        assert len(words) <= LONGEST_WORDS_CHARS + 1


def test_of_a_calm_comment_it_says_that_nothing_was_found(house: House) -> None:
    calm = "Le vieux pont sera fermé aux voitures pendant les travaux de printemps."
    answer = staffer(house).get(path_of(put(house, calm)))
    assert "The models find nothing worth explaining." in text_of(answer)


def test_where_the_models_cannot_be_loaded_it_says_so(house: House, tmp_path: Path) -> None:
    comment_id = put(house)
    (tmp_path / "damaged").write_bytes(b"no weights")
    house.replace(models=lambda: Cascade.alone(LinearModel.load(tmp_path / "damaged")))
    answer = staffer(house).get(path_of(comment_id))
    assert answer.status_code == 200
    assert "The models cannot be loaded here." in text_of(answer)


def test_no_page_but_this_one_asks_the_models(house: House) -> None:
    comment_id = put(house)
    asked: list[str] = []

    def models() -> Cascade:
        asked.append("models")
        return Cascade.alone(LinearModel.load())

    house.replace(models=models)
    browser = staffer(house)
    browser.get(f"/moderate/comments/{comment_id}?site=demo")
    browser.get("/moderate/?site=demo")
    assert asked == []
    browser.get(path_of(comment_id))
    assert asked == ["models"]


def test_only_those_who_moderate_the_site_see_it(house: House) -> None:
    comment_id = put(house)
    assert house.client.get(path_of(comment_id)).status_code == 303
    assert staffer(house, "Omar", Role.OPS).get(path_of(comment_id)).status_code == 403
    house.add_site("other")
    elsewhere = staffer(house, "Zoé", sites=frozenset({"other"}))
    assert elsewhere.get(path_of(comment_id)).status_code == 404
