"""Moderators' routes beside decisions: undo, edits, claims, changes, notes, history, trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from werkzeug.test import TestResponse

from service.moderation.learning.meaning import Floats
from service.store.sites import DEFAULT_TEMPLATES, Scope, Template, TemplatesInvalid
from service.store.staff.accounts import Role
from tests.api.house import (
    NAMELESS_ID,
    House,
    assert_problem,
    bearer,
    errors_of,
    json_of,
)

RUDE = "Tu racontes n’importe quoi, comme toujours."
CLIPPING = (
    "Découvrez notre nouvelle gamme de volets roulants, devis gratuit et pose rapide "
    "dans toute la région pour {name}."
)


@pytest.fixture
def mo(house: House) -> str:
    """A moderator's session."""
    return house.session("mo", Role.MODERATOR)


def held(house: House, *contents: str, **more: Any) -> list[str]:
    """Post comments that are held; return their ids."""
    house.change_site(policy={"premoderation": "all"}, limits={})
    key = house.key(Scope.SUBMIT)
    ids = [
        str(json_of(house.post_as_server(key, content=content, **more))["id"])
        for content in contents or ("Un avis sur la question.",)
    ]
    house.drain()
    assert {house.record(name).status for name in ids} == {"held"}
    return ids


def call(house: House, token: str, method: str, path: str, **body: Any) -> TestResponse:
    if method in ("GET", "DELETE", "PUT"):
        return house.client.open(
            f"/v1/moderation/{path}", method=method, query_string=body, headers=bearer(token)
        )
    return house.client.open(
        f"/v1/moderation/{path}", method=method, json=body, headers=bearer(token)
    )


def ok(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    return json_of(answer)


def test_a_decision_is_taken_back(house: House, mo: str) -> None:
    (name,) = held(house)
    decided = ok(house.decide(mo, id=name, action="reject"))["results"][0]
    undone = ok(call(house, mo, "POST", "undo", id=name, version=decided["version"]))
    assert undone == {
        "id": name, "outcome": "done", "status": "held", "version": decided["version"] + 1,
    }  # fmt: skip
    assert_problem(call(house, mo, "POST", "undo", id=name), 409, "nothing-to-undo")


def test_taking_back_wakes_the_worker_who_learns(house: House, mo: str) -> None:
    (name,) = held(house)
    house.decide(mo, id=name, action="reject")
    learned = house.services.store.learned
    learned.clear_bell("demo")
    ok(call(house, mo, "POST", "undo", id=name))
    assert not learned.set_bell("demo")


def test_what_was_overtaken_is_not_taken_back(house: House, mo: str) -> None:
    (name,) = held(house)
    mine = ok(house.decide(mo, id=name, action="reject"))["results"][0]
    house.decide(mo, id=name, action="spam")
    found = call(house, mo, "POST", "undo", id=name, version=mine["version"])
    assert_problem(found, 409, "stale")
    assert house.record(name).status == "spam"


def test_undo_says_what_it_needs(house: House, mo: str) -> None:
    assert errors_of(call(house, mo, "POST", "undo")).keys() == {"id"}
    bad = errors_of(call(house, mo, "POST", "undo", id=NAMELESS_ID, version="soon", lang="fr"))
    assert bad == {"version": "Une version est un nombre entier, comme celle du commentaire."}
    assert_problem(call(house, mo, "POST", "undo", id=NAMELESS_ID), 404, "comment-unknown")


def test_in_bulk_each_comment_goes_by_the_version_seen(house: House, mo: str) -> None:
    one, two = held(house, "Un premier avis.", "Un second avis.")
    seen = {name: house.record(name).version for name in (one, two)}
    house.decide(mo, id=two, action="reject")
    found = ok(house.decide(mo, ids=[one, two], versions=seen, action="approve"))
    outcomes = {each["id"]: each["outcome"] for each in found["results"]}
    assert outcomes == {one: "done", two: "stale"}
    assert found["done"] == 1
    assert house.record(two).status == "rejected"


def test_versions_go_with_several_ids(house: House, mo: str) -> None:
    found = house.decide(mo, id=NAMELESS_ID, versions={NAMELESS_ID: 1}, action="approve")
    assert errors_of(found).keys() == {"versions"}
    found = house.decide(mo, ids=[NAMELESS_ID], versions=[1], action="approve")
    assert errors_of(found).keys() == {"versions"}
    found = house.decide(mo, ids=[NAMELESS_ID], versions={NAMELESS_ID: "x"}, action="approve")
    assert errors_of(found)


def test_a_comment_is_approved_in_other_words(house: House, mo: str) -> None:
    (name,) = held(house, RUDE)
    body = {"content": "Je ne suis pas de ton avis.", "reason": "ton"}
    found = ok(call(house, mo, "POST", f"comments/{name}/edit", **body))
    assert found["status"] == "approved"
    (shown,) = house.thread()["comments"]
    assert shown["content"] == "Je ne suis pas de ton avis."
    (seen,) = ok(call(house, mo, "GET", "queue", status="approved"))["comments"]
    assert (seen["original"], seen["edited_by"]) == (RUDE, "account:mo")
    assert RUDE not in str(house.thread())


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "required"), ("x" * 15_001, "15000"), ("a\u202eb", "direction")],
)
def test_the_words_are_validated_as_a_submission_s(
    house: House, mo: str, content: str, message: str
) -> None:
    (name,) = held(house)
    answer = call(house, mo, "POST", f"comments/{name}/edit", content=content, lang="en")
    assert message in errors_of(answer)["content"]


def test_an_edit_over_an_older_version_is_stale(house: House, mo: str) -> None:
    (name,) = held(house)
    version = house.record(name).version
    house.decide(mo, id=name, action="reject")
    body = {"content": "Autre chose.", "version": version}
    assert_problem(call(house, mo, "POST", f"comments/{name}/edit", **body), 409, "stale")


def test_a_claim_tells_each_whose_it_is(house: House, mo: str) -> None:
    zoe = house.session("zoe", Role.MODERATOR)
    (name,) = held(house)
    path = f"comments/{name}/claim"
    mine = ok(call(house, mo, "PUT", path))
    assert (mine["actor"], mine["is_yours"]) == ("account:mo", True)
    assert ok(call(house, zoe, "PUT", path)) == {**mine, "is_yours": False}
    assert ok(call(house, zoe, "GET", "claims", ids=[name]))["claims"][0]["is_yours"] is False
    assert ok(call(house, zoe, "DELETE", path)) == {"released": False}
    assert ok(call(house, mo, "DELETE", path)) == {"released": True}
    assert ok(call(house, mo, "GET", "claims", ids=[name])) == {"claims": []}


def test_a_claim_lapses_by_the_clock(house: House, mo: str) -> None:
    zoe, clock = house.session("zoe", Role.MODERATOR), house.stop_the_clock()
    (name,) = held(house)
    call(house, mo, "PUT", f"comments/{name}/claim")
    clock.now += 121
    assert ok(call(house, zoe, "PUT", f"comments/{name}/claim"))["is_yours"]


def test_claims_are_asked_of_a_hundred_at_most(house: House, mo: str) -> None:
    assert errors_of(call(house, mo, "GET", "claims")).keys() == {"ids"}
    assert errors_of(call(house, mo, "GET", "claims", ids=[NAMELESS_ID] * 101)).keys() == {"ids"}


def test_a_page_follows_the_queue(house: House, mo: str) -> None:
    start = ok(call(house, mo, "GET", "changes"))
    assert (start["events"], start["is_lost"]) == ([], False)
    (name,) = held(house)
    call(house, mo, "PUT", f"comments/{name}/claim")
    house.decide(mo, id=name, action="approve")
    found = ok(call(house, mo, "GET", "changes", after=start["last"]))
    assert [(each["id"], each["what"], each["by"]) for each in found["events"]] == [
        (name, "held", None), (name, "claimed", "account:mo"), (name, "approved", None),
    ]  # fmt: skip
    again = ok(call(house, mo, "GET", "changes", after=found["last"]))
    assert again == {"events": [], "last": found["last"], "is_lost": False}
    assert ok(call(house, mo, "GET", "changes", after="long ago"))["is_lost"]


def test_notes_are_left_and_read_by_staff(house: House, mo: str) -> None:
    (name,) = held(house)
    path = f"comments/{name}/notes"
    note = ok(call(house, mo, "POST", path, text="Second degré ?"), 201)
    assert (note["actor"], note["text"]) == ("account:mo", "Second degré ?")
    assert ok(call(house, mo, "GET", path)) == {"notes": [note]}
    assert errors_of(call(house, mo, "POST", path, text="x" * 2001)).keys() == {"text"}
    assert errors_of(call(house, mo, "POST", path, text=" ")).keys() == {"text"}
    missing = call(house, mo, "POST", f"comments/{NAMELESS_ID}/notes", text="Hm.")
    assert_problem(missing, 404, "comment-unknown")


def test_a_comment_full_of_notes_says_so(house: House, mo: str) -> None:
    (name,) = held(house)
    for number in range(50):
        house.services.store.notes.add("demo", name, "account:mo", f"{number}", number)
    answer = call(house, mo, "POST", f"comments/{name}/notes", text="Encore.", lang="fr")
    assert "notes" in assert_problem(answer, 409, "notes-full")["title"]


def test_a_comment_s_history_is_told(house: House, mo: str) -> None:
    (name,) = held(house)
    house.decide(mo, id=name, action="reject", reason="hors sujet")
    call(house, mo, "POST", "undo", id=name)
    call(house, mo, "POST", f"comments/{name}/notes", text="Je doutais.")
    found = ok(call(house, mo, "GET", f"comments/{name}/timeline"))
    events = found["events"]
    assert [each["kind"] for each in events] == [
        "received", "verdict", "decision", "undo", "note",
    ]  # fmt: skip
    assert events[1]["rule"] == "premoderation.all"
    assert (events[2]["from"], events[2]["to"]) == ("held", "rejected")
    assert (events[2]["text"], events[2]["actor"]) == ("hors sujet", "account:mo")
    assert events[4]["text"] == "Je doutais."


def test_a_trusted_author_s_next_comment_is_published(house: House, mo: str) -> None:
    (name,) = held(house, email="claire@example.org")
    assert ok(call(house, mo, "GET", f"comments/{name}/author"))["is_trusted"] is False
    assert ok(call(house, mo, "PUT", f"comments/{name}/trust"))["is_trusted"] is True
    posted = json_of(house.post(email="Claire@example.org"))
    house.drain()
    record = house.record(posted["id"])
    assert record.verdict is not None
    assert (record.status, record.verdict.rule) == ("approved", "trusted")
    (listed,) = ok(call(house, mo, "GET", "trusted"))["authors"]
    assert (listed["label"], listed["actor"]) == ("Claire", "account:mo")
    assert ok(call(house, mo, "DELETE", f"comments/{name}/trust"))["is_trusted"] is False
    posted = json_of(house.post(email="claire@example.org"))
    house.drain()
    assert house.record(posted["id"]).status == "held"


def test_an_author_s_record_is_told(house: House, mo: str) -> None:
    (name,) = held(house)
    house.decide(mo, id=name, action="spam")
    found = ok(call(house, mo, "GET", f"comments/{name}/author"))
    assert (found["approved"], found["refused"]) == (0, 1)
    assert found["first_seen"].endswith("Z")


def test_nobody_known_cannot_be_trusted(house: House, mo: str) -> None:
    house.change_site(required=frozenset())
    (name,) = held(house, email=None, author=None)
    answer = call(house, mo, "PUT", f"comments/{name}/trust")
    assert_problem(answer, 409, "author-unknown")
    assert ok(call(house, mo, "GET", f"comments/{name}/author"))["first_seen"] is None


def test_reasons_to_refuse_come_in_the_caller_s_language(house: House, mo: str) -> None:
    found = ok(call(house, mo, "GET", "templates", lang="en"))["templates"]
    assert [each["key"] for each in found] == [each.key for each in DEFAULT_TEMPLATES]
    assert [each["text"] for each in found] == [each.en for each in DEFAULT_TEMPLATES]
    house.change_site(templates=(Template("rude", "Impoli.", ""),))
    (own,) = ok(call(house, mo, "GET", "templates", lang="en"))["templates"]
    assert own == {"key": "rude", "text": "Impoli.", "fr": "Impoli.", "en": ""}


def test_a_site_has_fifty_reasons_at_most_each_by_its_key(house: House) -> None:
    site = house.services.store.sites.get("demo").site
    fifty = tuple(Template(f"t{number}", "Non.", "No.") for number in range(50))
    assert replace(site, templates=fifty).templates == fifty
    for templates in ((*fifty, Template("more", "", "")), (fifty[0], fifty[0])):
        with pytest.raises(TemplatesInvalid):
            replace(site, templates=templates)


def test_all_like_this_finds_the_held_copies_and_nothing_else(house: House, mo: str) -> None:
    names = ("Aix", "Brest", "Caen", "Dijon")
    copies = held(house, *(CLIPPING.format(name=name) for name in names))
    (other,) = held(house, "Le pont du village sera repeint en vert avant les fêtes de juin.")
    house.decide(mo, id=copies[1], action="spam")
    found = ok(call(house, mo, "GET", f"comments/{copies[0]}/alike"))
    assert [each["id"] for each in found["alike"]] == [copies[3], copies[2]]
    assert {each["by"] for each in found["alike"]} == {"words"}
    versions = {each["id"]: each["version"] for each in found["alike"]}
    done = ok(house.decide(mo, ids=list(versions), versions=versions, action="spam"))
    assert done["done"] == 2
    assert ok(call(house, mo, "GET", f"comments/{other}/alike"))["alike"] == []


@dataclass
class Told:
    """An encoder that puts the comments about credit in one place and all others in another."""

    name: str = "told"

    def embed(self, texts: Sequence[str]) -> Floats | None:
        """Return two directions, each text a little aside of one of them."""
        rows = [
            [0.1, 1.0, 0.01 * (len(text) % 7)] if "crédit" in text else [1.0, 0.1, 0.0]
            for text in texts
        ]
        return np.array(rows, np.float32)


def test_what_means_the_same_is_alike_too_once_there_is_something_to_compare(
    house: House, mo: str
) -> None:
    house.replace(embedder=Told)
    offers = held(house, "Un crédit sans banque, tout de suite.", "Le crédit pour tous !")
    path = f"comments/{offers[0]}/alike"
    assert ok(call(house, mo, "GET", path))["alike"] == []
    held(house, *(f"Avis {number} sur la place du marché." for number in range(20)))
    (found,) = ok(call(house, mo, "GET", path))["alike"]
    assert (found["id"], found["by"]) == (offers[1], "meaning")
    house.decide(mo, id=offers[1], action="spam")
    assert ok(call(house, mo, "GET", path))["alike"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "undo"),
        ("POST", f"comments/{NAMELESS_ID}/edit"),
        ("PUT", f"comments/{NAMELESS_ID}/claim"),
        ("DELETE", f"comments/{NAMELESS_ID}/claim"),
        ("GET", "claims"),
        ("GET", "changes"),
        ("GET", f"comments/{NAMELESS_ID}/notes"),
        ("POST", f"comments/{NAMELESS_ID}/notes"),
        ("GET", f"comments/{NAMELESS_ID}/timeline"),
        ("GET", f"comments/{NAMELESS_ID}/author"),
        ("PUT", f"comments/{NAMELESS_ID}/trust"),
        ("GET", "trusted"),
        ("GET", "templates"),
        ("GET", f"comments/{NAMELESS_ID}/alike"),
        ("GET", "bans"),
        ("POST", "bans"),
        ("DELETE", "bans/x"),
    ],
)
def test_only_moderators_come_in(house: House, method: str, path: str) -> None:
    bodies = {
        "undo": {"id": NAMELESS_ID}, "edit": {"content": "x"}, "notes": {"text": "x"},
        "bans": {"by": "email", "value": "a@b.example"},
    }  # fmt: skip
    sent: dict[str, Any] = bodies[path.rpartition("/")[2]] if method == "POST" else {}
    if path == "claims":
        sent = {"ids": [NAMELESS_ID]}
    for token in (house.key(Scope.SUBMIT), house.session("op", Role.OPS)):
        assert_problem(call(house, token, method, path, **sent), 403, "scope-missing")
    assert_problem(call(house, "", method, path, **sent), 401, "unauthorised")


@pytest.mark.parametrize("path", ["timeline", "author", "notes", "alike"])
def test_a_comment_of_another_site_is_not_shown(house: House, path: str) -> None:
    (name,) = held(house)
    house.add_site("blog")
    key = house.key(Scope.MODERATE, site="blog")
    assert_problem(call(house, key, "GET", f"comments/{name}/{path}"), 404, "comment-unknown")
    assert_problem(call(house, key, "GET", f"comments/nonsense/{path}"), 404, "comment-unknown")
