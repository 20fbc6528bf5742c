"""Repetition: walls of one thing, against laughs, recipes and poems."""

from __future__ import annotations

import pytest

from service.moderation.batch import Batch
from service.moderation.checks.spam.repetition import Repetition
from service.moderation.comment import Case, Comment


def kinds(content: str) -> set[object]:
    case = Case(Comment(id="1", site="s", page="/p", content=content))
    signals = Repetition().review(Batch([case]))[0]
    assert all(signal.score * signal.weight < 0.55 for signal in signals)
    return {signal.evidence[0].params["kind"] for signal in signals}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("a" * 60, "characters"),
        ("Allez !!!" + "!" * 40, "characters"),
        ("promo " * 14, "words"),
        ("achetez nos sacs promo " * 8, "words"),
        ("visitez mon site\n" * 4, "lines"),
        ("🔥" * 20, "emoji"),
        ("💎 " * 16 + "VIP", "emoji"),
    ],
)
def test_a_wall_is_named_and_holds_nothing_alone(content: str, kind: str) -> None:
    assert kind in kinds(content)


@pytest.mark.parametrize(
    "content",
    [
        "hahahaha",
        "ha ha ha ha ha ha ha ha ha ha ha ha ha ha",
        "mdrrrrrrrrr trop fort",
        "nooooooooon !!!!!!!!",
        "👏👏👏👏👏 bravo",
        "et puis..............................",
        "----------------------------------",
        "Céline Céline CÉLINE !!! quelle voix, quelle dignité",
        "@ann @bob @cat @dan @eve @fay @guy @hal @ian merci",
        "200 g de farine, 100 g de sucre, 100 g de beurre, 100 g de chocolat, 3 oeufs, 1 pincée"
        " de sel, 1 sachet de levure : mélanger la farine et le sucre, puis le beurre et le"
        " chocolat, ajouter les oeufs, la levure, le sel, et cuire.",
        "Half the sugar, half the butter, half the time: half a recipe makes half a cake, said my"
        " grandmother, and my grandmother made the best cake in the village.",
        "",
    ],
)
def test_laughs_cheers_recipes_and_figures_of_speech_are_left_alone(content: str) -> None:
    assert kinds(content) == set()


def test_a_long_honest_text_is_not_poor_for_repeating_its_small_words() -> None:
    sentence = (
        "The keeper of lock number {n} told visitor {n} about winter {n}, when boat{n} froze"
        " beside mill{n} and neighbour{n} carried bread{n} across field{n}. "
    )
    assert kinds("".join(sentence.format(n=n) for n in range(60))) == set()
