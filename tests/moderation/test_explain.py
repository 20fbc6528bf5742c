"""Explanations: the words that moved a score, in the eyes of each stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from service.moderation.cascade import Cascade
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import EncoderMode
from service.moderation.explain import Influence, explanations
from service.moderation.models.encoder import Encoder
from service.moderation.models.encoder.explain import MOST_GROUPS, explain
from service.moderation.models.linear import shipped_model
from service.moderation.models.weights import ATTRIBUTES, ModelBroken
from service.moderation.reader import Reader
from service.moderation.signal import Attribute, Span
from service.moderation.verdict import Stage
from tests.encoders import write_encoder

TOXICITY = ATTRIBUTES.index(Attribute.TOXICITY)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder.load(write_encoder(tmp_path_factory.mktemp("encoder")))


def case_of(content: str) -> Case:
    return Case(Comment("c1", "demo", "/p", content, lang="en"))


def amounts(encoder: Encoder, text: str) -> dict[str, float]:
    return {
        text[span.start : span.end]: round(float(amount[TOXICITY]), 3)
        for span, amount in explain(encoder, text, "en")
    }


def influences(cascade: Cascade, content: str, stage: Stage) -> list[Influence]:
    told = explanations(cascade, case_of(content))[Attribute.TOXICITY]
    return [influence for influence in told if influence.stage is stage]


def test_each_word_has_the_amount_that_leaving_it_out_takes_away(encoder: Encoder) -> None:
    found = amounts(encoder, "They are vile and we refuse, kind people")
    assert found["vile"] == pytest.approx(6.0, abs=0.01)
    assert found["kind"] == pytest.approx(-2.0, abs=0.01)
    assert found["and"] == pytest.approx(0.0, abs=0.01)


def test_in_a_long_text_the_words_that_matter_are_still_found(encoder: Encoder) -> None:
    words = ["word"] * 200
    words[117] = "vile"
    text = " ".join(words)
    found = explain(encoder, text, "en")
    strongest = max(found, key=lambda pair: pair[1][TOXICITY])[0]
    assert text[strongest.start : strongest.end] == "vile"
    assert len(found) < 2 * MOST_GROUPS
    assert [span.start for span, _ in found] == sorted(span.start for span, _ in found)


@pytest.mark.parametrize("text", ["", " ", "\n\n"])
def test_a_text_without_words_has_no_explanation(encoder: Encoder, text: str) -> None:
    assert explain(encoder, text, "en") == []


def test_what_both_models_say_is_told_apart(encoder: Encoder) -> None:
    cascade = Cascade(shipped_model(), Reader(lambda: encoder), EncoderMode.ALWAYS)
    content = "You vile idiot"
    by_words = influences(cascade, content, Stage.LINEAR)
    by_meaning = influences(cascade, content, Stage.ENCODER)
    assert max(by_words, key=lambda influence: influence.amount).span == Span(9, 14)
    assert max(by_meaning, key=lambda influence: influence.amount).span == Span(4, 8)


def test_only_scores_worth_a_mention_are_explained(encoder: Encoder) -> None:
    cascade = Cascade(shipped_model(), Reader(lambda: encoder), EncoderMode.OFF)
    told = explanations(cascade, case_of("Thank you for this lovely recipe."))
    assert Attribute.TOXICITY not in told


def test_a_comment_that_only_the_linear_model_judged_has_its_explanation_alone(
    encoder: Encoder,
) -> None:
    cascade = Cascade(shipped_model(), Reader(lambda: encoder), EncoderMode.OFF)
    assert influences(cascade, "You vile idiot", Stage.LINEAR)
    assert not influences(cascade, "You vile idiot", Stage.ENCODER)


def test_an_encoder_that_fails_leaves_the_linear_models_explanation() -> None:
    def broken() -> Encoder:
        raise ModelBroken("no files")

    cascade = Cascade(shipped_model(), Reader(broken), EncoderMode.ALWAYS)
    assert influences(cascade, "You vile idiot", Stage.LINEAR)


def test_attributes_a_model_knows_nothing_of_are_left_out(tmp_path: Path) -> None:
    labels = [name if name == "toxicity" else "" for name in ATTRIBUTES]
    own = Encoder.load(write_encoder(tmp_path, attributes=labels))
    assert np.isnan(own.judge(["vile"], ["en"]).scores[0]).sum() == len(ATTRIBUTES) - 1
    cascade = Cascade(shipped_model(), Reader(lambda: own), EncoderMode.ALWAYS)
    told = explanations(cascade, case_of("You vile fucking idiot"))
    assert Stage.ENCODER in {influence.stage for influence in told[Attribute.TOXICITY]}
    assert Stage.ENCODER not in {influence.stage for influence in told[Attribute.INSULT]}
