"""Calm comments: what looks like a rude word is none where the encoder reads no rude tone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade
from service.moderation.checks import build_pipeline
from service.moderation.checks.toxicity.calm import CalmTone
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import EncoderMode
from service.moderation.models.encoder import Encoder
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.pipeline import Pipeline
from service.moderation.reader import Reader
from service.moderation.signal import Attribute, Signal, combine
from tests.encoders import linear_that_says, write_encoder

UNSURE = -1.0
"""Log-odds of a linear model that leaves every comment to be read."""
WORDS = {
    "vile": {Attribute.TOXICITY: 6.0},
    "rude": {Attribute.PROFANITY: 6.0},
    "kind": {Attribute.TOXICITY: -4.0},
    "decent": {Attribute.PROFANITY: -4.0},
}


@pytest.fixture
def encoder(tmp_path: Path) -> Encoder:
    return Encoder.load(write_encoder(tmp_path / "encoder", WORDS))


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return build_pipeline()


def batch_of(content: str, lang: str = "en") -> Batch:
    return Batch([Case(Comment(id="c", site="s", page="p", content=content, lang=lang))])


def found(encoder: Encoder, content: str, mode: EncoderMode = EncoderMode.ALWAYS) -> list[Signal]:
    unsure = np.full(len(ATTRIBUTES), UNSURE, np.float32)
    linear = linear_that_says(unsure, ("en",))
    cascade = Cascade(linear, Reader(lambda: encoder), mode)
    (signals,) = CalmTone(cascade).review(batch_of(content))
    return list(signals)


@pytest.mark.parametrize("content", ["The cock crowed at four", "The Cock crowed at four"])
def test_a_listed_word_in_a_calm_comment_is_taken_back(encoder: Encoder, content: str) -> None:
    (signal,) = found(encoder, content)
    assert signal.attribute is Attribute.PROFANITY
    assert signal.weight < 0


@pytest.mark.parametrize(
    "content",
    [
        "The c0ck crowed at four",
        "The c.o.c.k crowed at four, the cock again",
        "The f*ck crowed at four, the cock too",
        "The vile cock crowed at four",
        "The rude cock crowed at four",
    ],
)
def test_a_disguise_or_a_tone_is_not(encoder: Encoder, content: str) -> None:
    assert found(encoder, content) == []


def test_a_word_of_a_brief_list_is_not(encoder: Encoder) -> None:
    unsure = np.full(len(ATTRIBUTES), UNSURE, np.float32)
    linear = linear_that_says(unsure, ("en",))
    cascade = Cascade(linear, Reader(lambda: encoder), EncoderMode.ALWAYS)
    for content, lang in (("E pur si muove, minchia", "it"), ("Que porra fria", "pt")):
        assert CalmTone(cascade).review(batch_of(content, lang)) == [()]


def test_what_nobody_has_read_is_not(encoder: Encoder) -> None:
    assert found(encoder, "The cock crowed at four", EncoderMode.OFF) == []


def test_without_a_listed_word_the_tone_must_be_as_calm_as_can_be(encoder: Encoder) -> None:
    assert len(found(encoder, "A kind word that looks rude")) == 1
    assert found(encoder, "A word that looks rude") == []
    assert found(encoder, "A kind but vile word that looks rude") == []


def test_where_nothing_was_found_nothing_is_taken_back(encoder: Encoder) -> None:
    assert found(encoder, "A kind and decent word") == []


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("Ma chatte a eu trois chatons ce printemps.", "fr"),
        ("Le mot « moutarde » figure dans le dictionnaire de la bibliothèque.", "fr"),
        ("La garce, poème de Ronsard, se lit autrement aujourd'hui.", "fr"),
        ("The cock crowed at four this morning.", "en"),
        ("Nobody retarded the ignition timing correctly.", "en"),
    ],
)
def test_ordinary_senses_are_not_called_profane(
    pipeline: Pipeline, content: str, lang: str
) -> None:
    (signals,) = pipeline.look(batch_of(content, lang)).signals
    assert combine(signals).get(Attribute.PROFANITY, 0.0) < 0.2


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("Putain c'est génial, merci à toute l'équipe !", "fr"),
        ("Quelle merde, ce match.", "fr"),
        ("Shut the fuck up, retard.", "en"),
        ("This is fucking brilliant, thank you!", "en"),
        ("He sucks c0ck", "en"),
    ],
)
def test_rude_words_still_are(pipeline: Pipeline, content: str, lang: str) -> None:
    (signals,) = pipeline.look(batch_of(content, lang)).signals
    assert combine(signals)[Attribute.PROFANITY] >= 0.5
