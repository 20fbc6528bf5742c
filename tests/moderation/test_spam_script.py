"""Scripts: a foreign one, a disguise, and an honest quotation."""

from __future__ import annotations

import pytest

from service.moderation.batch import Batch
from service.moderation.checks.spam.script import Script
from service.moderation.comment import Case, Comment, Facts
from service.moderation.signal import Attribute, combine

RUSSIAN = "Сегодня хорошая погода и мы идём гулять в парк"


def look(content: str, lang: str = "fr") -> tuple[set[str], float]:
    case = Case(Comment(id="1", site="s", page="/p", content=content), Facts(site_lang=lang))
    signals = Script().review(Batch([case]))[0]
    return {s.evidence[0].code for s in signals}, combine(signals).get(Attribute.SPAM, 0.0)


def test_a_comment_in_another_script_is_a_weak_hint() -> None:
    codes, total = look(RUSSIAN)
    assert codes == {"script.unusual"}
    assert total < 0.4


def test_a_script_whose_vowels_are_no_letters_is_scored_within_bounds() -> None:
    case = Case(Comment("1", "s", "/p", "ภาษาไทยง่าย " * 9), Facts(site_lang="fr"))
    assert [signal.score for signal in Script().review(Batch([case]))[0]] == [1.0]


@pytest.mark.parametrize("lang", ["ru", "uk", ""])
def test_the_sites_own_script_is_usual_and_an_unknown_one_is_not_guessed(lang: str) -> None:
    assert look(RUSSIAN, lang) == (set(), 0.0)


@pytest.mark.parametrize(
    "content",
    [
        "Спасибо",
        "On écrit Хрущёв avec un ё, d'où « Khrouchtchov » à l'oreille.",
        "الله يرحمه, un grand monsieur du malouf.",
        "Si μ désigne la moyenne et σ l'écart-type, alors Δt et μTorrent, β-bloquant.",
        "Très bien écrit, où ça ? À Besançon, naïveté œuvre",
        "👩\u200d👩\u200d👧 une belle famille",
        "\ufeffBonjour\ufeff",
        "می\u200cخواهم",
    ],
)
def test_quotations_symbols_accents_and_emoji_are_left_alone(content: str) -> None:
    assert look(content) == (set(), 0.0)


def test_a_word_of_two_scripts_weighs_more_than_a_foreign_one() -> None:
    codes, total = look("Vоtrе саsinо préféré")
    assert codes == {"script.mixed"}
    assert look(RUSSIAN)[1] < total < 0.55


def test_characters_hidden_inside_words_are_noted() -> None:
    codes, total = look("ren\u200bcontre ce soir")
    assert codes == {"script.invisible"}
    assert total < 0.4
