"""What models read of a text that says the same over and over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch
from service.moderation.cascade import cascade_of
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import DEFAULT
from service.moderation.explain import explanations
from service.moderation.models.condense import (
    LONGEST_PHRASE,
    condensed,
    condensed_str,
    repeats,
)
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute
from service.moderation.text import Text, without

TONE = [column for column, each in enumerate(ATTRIBUTES) if each is not Attribute.SPAM]


INSULT = ATTRIBUTES.index(Attribute.INSULT)


def case(content: str, lang: str) -> Case:
    return Case(Comment("c1", "s1", "p1", content, lang=lang))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("mot " * 10, "mot mot "),
        ("Allez ! Ici ! " * 9 + "Vive la France", "Allez ! Ici ! Allez ! Ici ! Vive la France"),
        ("Merci, merci, merci, merci, MERCI, merci, merci, merci", "Merci, merci, "),
        ("ha ha ha ha ha ha non non non non non non", "ha ha non non "),
        ("lollollollollollollol", "lollol"),
        ("C'est lollollollollollollol ça", "C'est lollol ça"),
        ("oui non oui non oui non oui", "oui non oui non "),
    ],
)  # fmt: skip
def test_what_is_said_on_end_is_read_twice(text: str, read: str) -> None:
    assert condensed_str(text) == read
    assert condensed(Text.of(text), repeats(text)) == Text.of(read)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Bravo, bravo, bravo !",
        "hahahaha",
        "très très bien, très très beau, très bon",
        "Il faut que tu saches que le maire et le conseil et le préfet le savent depuis le début.",
        "".join(f"mot{number} " for number in range(LONGEST_PHRASE + 1)) * 4,
    ],
)
def test_other_texts_are_read_as_they_stand(text: str) -> None:
    prepared = Text.of(text)
    assert repeats(text) == []
    assert condensed(prepared, ()) is prepared


@given(st.text(alphabet="ab .\n", max_size=200))
def test_what_is_left_out_is_apart_in_order_and_stands_there_twice_before(text: str) -> None:
    last = 0
    for start, end in repeats(text):
        assert last <= start < end <= len(text)
        last = end
    assert set(without(text, repeats(text)).lower().split()) <= set(text.lower().split())


@pytest.mark.parametrize(
    ("phrase", "lang"),
    [
        ("allez les bleus", "fr"),
        ("mot", "fr"),
        ("bonjour", "fr"),
        ("hello world", "en"),
        ("this is fine.", "en"),
        ("lol", "en"),
    ],
)
def test_a_cheer_grows_no_worse_with_each_time(phrase: str, lang: str) -> None:
    cascade = cascade_of(DEFAULT)
    once, often = (
        cascade.judge(Batch([case(f"{phrase} " * times, lang=lang)])).scores[0]
        for times in (2, 300)
    )
    assert often[TONE] == pytest.approx(once[TONE], abs=0.02)
    assert (often[TONE] < 0.5).all()


def test_an_insult_is_found_however_often_it_is_said() -> None:
    cascade = cascade_of(DEFAULT)
    for times in (1, 3, 50):
        scores = cascade.judge(Batch([case("Pauvre connard ! " * times, "fr")])).scores
        assert scores[0, INSULT] > 0.8


def test_an_explanation_points_at_the_words_as_they_were_sent() -> None:
    content = "la la la la la la la la la tu es un connard"
    found = explanations(cascade_of(DEFAULT), case(content, "fr"))
    (strongest,) = sorted(found[Attribute.INSULT], key=lambda each: -each.amount)[:1]
    span = strongest.span
    assert content[span.start : span.end] == "connard"
