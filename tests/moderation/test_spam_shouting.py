"""Capitals: shouted sentences, acronyms, stuck keys."""

from __future__ import annotations

import pytest

from service.moderation.batch import Batch
from service.moderation.checks.spam.shouting import Shouting
from service.moderation.comment import Case, Comment
from service.moderation.signal import Signal


def found(content: str) -> list[Signal]:
    case = Case(Comment(id="1", site="s", page="/p", content=content))
    return list(Shouting().review(Batch([case]))[0])


@pytest.mark.parametrize(
    "content",
    [
        "GAGNEZ DE L'ARGENT TOUT DE SUITE DEPUIS VOTRE CANAPÉ",
        "WHY IS NOBODY TALKING ABOUT THE ENDING?????",
        "ЭТО ОЧЕНЬ ВАЖНОЕ СООБЩЕНИЕ ДЛЯ ВСЕХ",
    ],
)
def test_a_sentence_in_capitals_is_noted_and_holds_nothing_alone(content: str) -> None:
    (signal,) = found(content)
    assert signal.evidence[0].code == "shouting"
    assert signal.score * signal.weight < 0.4


@pytest.mark.parametrize(
    "content",
    [
        "La SNCF et la RATP ont signé avec l'URSSAF, la CPAM et la CAF, dit le RER A.",
        "The FBI, the CIA, the NSA and NATO all use PDF files, LOL.",
        "AKPANRI Komla",
        "NON !",
        "MERCI BEAUCOUP",
        "Bonjour, c'est TRÈS bien",
        "日本語のコメントです",
        "",
    ],
)
def test_acronyms_names_and_short_cries_are_left_alone(content: str) -> None:
    assert found(content) == []
