"""When a text counts as posted again, and when it does not."""

from __future__ import annotations

import numpy as np

from service.moderation.batch import Batch, Recent
from service.moderation.checks.spam.duplicates import Duplicates
from service.moderation.comment import Case, Comment, Facts
from service.moderation.fingerprint import fingerprints, key64
from service.moderation.signal import Attribute, Signal, combine
from service.moderation.text import Text

TEXT = (
    "J'ai enfin trouvé un travail à domicile qui paie vraiment, il suffit de deux heures par"
    " jour et d'un téléphone, toutes mes voisines ont commencé la semaine dernière."
)
NEARLY = TEXT.replace("voisines", "cousines")


def case(name: str, content: str, author: str = "") -> Case:
    return Case(Comment(id=name, site="s", page="/p", content=content), Facts(author_key=author))


def window(*cases: Case) -> Recent:
    return Recent(
        fingerprints([Text.of(one.comment.content).plain for one in cases]),
        np.array([key64(one.comment.id) for one in cases], np.uint64),
        np.array([key64(one.facts.author_key) for one in cases], np.uint64),
    )


def look(cases: list[Case], recent: Recent | None = None) -> list[list[Signal]]:
    found = Duplicates().review(Batch(cases, recent or Recent()))
    return [list(signals) for signals in found]


def total(signals: list[Signal]) -> float:
    return combine(signals).get(Attribute.SPAM, 0.0)


def test_a_text_seen_for_the_first_time_says_nothing() -> None:
    assert look([case("1", TEXT, "ann")]) == [[]]


def test_a_long_text_that_another_author_posted_is_held() -> None:
    (found,) = look([case("2", TEXT, "bob")], window(case("1", TEXT, "ann")))
    assert found[0].evidence[0].code == "duplicate.same"
    assert found[0].evidence[0].params == {"times": 1}
    assert 0.55 <= total(found) < 0.9


def test_an_author_who_sends_twice_by_accident_is_not_held() -> None:
    (found,) = look([case("2", TEXT, "ann")], window(case("1", TEXT, "ann")))
    assert 0.2 < total(found) < 0.55


def test_authors_without_a_key_have_the_benefit_of_the_doubt() -> None:
    (found,) = look([case("2", TEXT)], window(case("1", TEXT)))
    assert total(found) < 0.55


def test_a_campaign_is_refused() -> None:
    earlier = [case(str(n), TEXT, f"author{n}") for n in range(8)]
    (found,) = look([case("99", TEXT, "bob")], window(*earlier))
    assert found[0].evidence[0].params == {"times": 8}
    assert total(found) >= 0.9


def test_a_text_with_one_word_changed_is_nearly_the_same() -> None:
    (found,) = look([case("2", NEARLY, "bob")], window(case("1", TEXT, "ann")))
    assert found[0].evidence[0].code == "duplicate.near"
    assert 0.3 < total(found) < 0.55


def test_earlier_comments_of_the_same_batch_count_and_later_ones_do_not() -> None:
    first, second = look([case("1", TEXT, "ann"), case("2", TEXT, "bob")])
    assert first == []
    assert second[0].evidence[0].code == "duplicate.same"


def test_a_comment_reviewed_again_does_not_match_itself() -> None:
    again = case("1", TEXT, "ann")
    assert look([again], window(again)) == [[]]
    assert look([again, again]) == [[], []]


def test_a_batch_reviewed_again_is_judged_as_the_first_time() -> None:
    batch = [case("1", TEXT, "ann"), case("2", TEXT, "bob")]
    assert look(batch, window(*batch)) == look(batch)


def test_short_thanks_may_be_said_by_everybody() -> None:
    short = ["Merci !", "Bravo à toute l'équipe", "great post", "+1"]
    earlier = window(*(case(f"a{n}", text, "ann") for n, text in enumerate(short)))
    assert look([case(f"b{n}", text, "bob") for n, text in enumerate(short)], earlier) == [[]] * 4


def test_two_recipes_are_not_the_same_for_sharing_small_words() -> None:
    one = "Une cuillère de sucre, une pincée de sel, de la farine et un peu de lait tiède."
    other = "Un verre de vin, une gousse d'ail, de la crème et un peu de persil haché."
    assert look([case("2", other, "bob")], window(case("1", one, "ann"))) == [[]]
