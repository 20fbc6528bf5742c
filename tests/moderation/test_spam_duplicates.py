"""When a text counts as posted again, when as a campaign, and when as neither."""

from __future__ import annotations

import pytest

from service.moderation.batch import Batch, Recent
from service.moderation.checks.spam.duplicates import Duplicates
from service.moderation.comment import Case, Comment, Facts
from service.moderation.copies import CAMPAIGN
from service.moderation.signal import Attribute, Signal, combine

HOLD, REFUSE = 0.55, 0.9
TEXT = (
    "J'ai enfin trouvé un travail à domicile qui paie vraiment, il suffit de deux heures par"
    " jour et d'un téléphone, toutes mes voisines ont commencé la semaine dernière."
)
NEARLY = TEXT.replace("voisines", "cousines")


def case(name: str, content: str, author: str = "", page: str = "/p") -> Case:
    return Case(Comment(id=name, site="s", page=page, content=content), Facts(author_key=author))


def window(*cases: Case) -> Recent:
    return Batch(cases).traces


def look(cases: list[Case], recent: Recent | None = None) -> list[list[Signal]]:
    found = Duplicates().review(Batch(cases, recent or Recent()))
    return [list(signals) for signals in found]


def total(signals: list[Signal]) -> float:
    return combine(signals).get(Attribute.SPAM, 0.0)


def code(signals: list[Signal]) -> str:
    return signals[0].evidence[0].code


def test_a_text_seen_for_the_first_time_says_nothing() -> None:
    assert look([case("1", TEXT, "ann")]) == [[]]


def test_a_long_text_that_another_author_posted_is_held() -> None:
    (found,) = look([case("2", TEXT, "bob")], window(case("1", TEXT, "ann")))
    assert code(found) == "duplicate.same"
    assert found[0].evidence[0].params == {"times": 1}
    assert HOLD <= total(found) < REFUSE


def test_an_author_who_sends_twice_by_accident_is_not_held() -> None:
    (found,) = look([case("2", TEXT, "ann")], window(case("1", TEXT, "ann")))
    assert 0.2 < total(found) < HOLD


def test_authors_without_a_key_have_the_benefit_of_the_doubt() -> None:
    (found,) = look([case("2", TEXT)], window(case("1", TEXT)))
    assert total(found) < HOLD


def test_one_author_who_pastes_a_text_on_page_after_page_is_held() -> None:
    earlier = [case(str(n), TEXT, "ann", f"/page{n}") for n in range(2)]
    (found,) = look([case("9", TEXT, "ann", "/page9")], window(*earlier))
    assert HOLD <= total(found) < REFUSE


def test_a_campaign_is_refused_and_named() -> None:
    earlier = [case(str(n), TEXT, f"author{n}") for n in range(8)]
    (found,) = look([case("99", TEXT, "bob")], window(*earlier))
    assert code(found) == CAMPAIGN
    assert found[0].evidence[0].params == {"times": 8}
    assert total(found) >= REFUSE


def test_a_campaign_under_no_name_shows_by_its_pages() -> None:
    earlier = [case(str(n), TEXT, "", f"/page{n}") for n in range(8)]
    (found,) = look([case("99", TEXT, "", "/p")], window(*earlier))
    assert code(found) == CAMPAIGN
    assert total(found) >= REFUSE


def test_one_reader_s_stuck_button_is_no_campaign() -> None:
    earlier = [case(str(n), TEXT, "ann") for n in range(8)]
    (found,) = look([case("99", TEXT, "ann")], window(*earlier))
    assert code(found) == "duplicate.same"


def test_a_text_with_one_word_changed_is_nearly_the_same() -> None:
    (found,) = look([case("2", NEARLY, "bob")], window(case("1", TEXT, "ann")))
    assert code(found) == "duplicate.near"
    assert 0.3 < total(found) < HOLD


def test_the_twentieth_copy_of_a_template_is_refused_however_it_is_filled_in() -> None:
    names = ["Amina", "Sylvie", "Roger", "Patrice", "Nadège"]
    cases = [
        case(
            str(n),
            f"Merci au docteur {names[n % 5]} qui a ramené mon mari en {n + 2} jours, je n'y"
            f" croyais {'plus' if n % 2 else 'pas'}, joignez-le : https://s{n}.example/{n * 7}",
            f"author{n}",
            f"/page{n}",
        )
        for n in range(20)
    ]
    found = look(cases)
    assert found[0] == []
    assert total(found[1]) < REFUSE
    assert code(found[19]) == CAMPAIGN
    assert total(found[19]) >= REFUSE


def test_earlier_comments_of_the_same_batch_count_and_later_ones_do_not() -> None:
    first, second = look([case("1", TEXT, "ann"), case("2", TEXT, "bob")])
    assert first == []
    assert code(second) == "duplicate.same"


def test_a_comment_reviewed_again_does_not_match_itself() -> None:
    again = case("1", TEXT, "ann")
    assert look([again], window(again)) == [[]]
    assert look([again, again]) == [[], []]


def test_a_batch_reviewed_again_is_judged_as_the_first_time() -> None:
    batch = [case("1", TEXT, "ann"), case("2", TEXT, "bob")]
    assert look(batch, window(*batch)) == look(batch)


@pytest.mark.parametrize(
    "content",
    [
        "Merci !",
        "great article",
        "Merci beaucoup pour cet article très intéressant",
        "Thank you so much for this very interesting article",
        "Toutes mes condoléances à la famille et à tous ses proches, repose en paix",
        "My thoughts and prayers go out to the whole family, rest in peace",
        "Joyeux anniversaire et bonne continuation à toute l'équipe de la rédaction",
        "Je suis tout à fait d'accord avec vous, il est grand temps que ça change",
    ],
)
def test_what_everybody_says_is_never_a_campaign(content: str) -> None:
    earlier = [case(str(n), content, f"author{n}", f"/page{n}") for n in range(60)]
    (found,) = look([case("99", content, "bob")], window(*earlier))
    assert total(found) < HOLD
    assert all(code([signal]) != CAMPAIGN for signal in found)


def test_a_short_text_that_leads_somewhere_is_a_campaign_like_any_other() -> None:
    content = "Amazing deals for everybody here: https://deals.example/{}"
    earlier = [case(str(n), content.format(n), f"author{n}") for n in range(12)]
    (found,) = look([case("99", content.format(99), "bob")], window(*earlier))
    assert code(found) == CAMPAIGN
    assert total(found) >= REFUSE


def test_two_recipes_are_not_the_same_for_sharing_small_words() -> None:
    one = "Une cuillère de sucre, une pincée de sel, de la farine et un peu de lait tiède."
    other = "Un verre de vin, une gousse d'ail, de la crème et un peu de persil haché."
    assert look([case("2", other, "bob")], window(case("1", one, "ann"))) == [[]]
