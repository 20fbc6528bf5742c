"""An operator's own ONNX classifier in the encoder's place."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from service.moderation.batch import Batch
from service.moderation.cascade import cascade_of
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import EncoderMode, EncoderOptions
from service.moderation.models.encoder import Encoder
from service.moderation.models.weights import ATTRIBUTES, ModelBroken
from service.moderation.policy import Policy
from service.moderation.signal import Attribute
from service.moderation.verdict import Stage
from tests.encoders import BIAS, write_own

LABELS = {"neutral": "", "toxic": "toxicity", "rude": "profanity", "hate": "toxicity"}
ROWS = {"vile": [0.0, 6.0, 0.0, 1.0], "drat": [0.0, 0.0, 6.0, 0.0], "scum": [0.0, 0.0, 0.0, 5.0]}
TOXICITY, PROFANITY = ATTRIBUTES.index(Attribute.TOXICITY), ATTRIBUTES.index(Attribute.PROFANITY)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def scores(encoder: Encoder, *texts: str) -> Any:
    return encoder.judge(texts, ["en"] * len(texts)).scores


def test_each_label_stands_for_an_attribute_and_the_strongest_counts(tmp_path: Path) -> None:
    encoder = Encoder.load_own(write_own(tmp_path, LABELS, ROWS))
    found = scores(encoder, "vile", "drat", "scum")
    expected = [sigmoid(BIAS + 6), sigmoid(BIAS), sigmoid(BIAS + 5)]
    assert found[:, TOXICITY] == pytest.approx(expected, abs=1e-5)
    assert found[1, PROFANITY] == pytest.approx(sigmoid(BIAS + 6), abs=1e-5)


def test_of_attributes_it_has_no_label_for_it_says_nothing(tmp_path: Path) -> None:
    encoder = Encoder.load_own(write_own(tmp_path, LABELS, ROWS))
    known = {TOXICITY, PROFANITY}
    is_silent = np.isnan(scores(encoder, "vile")[0])
    assert {column for column in range(len(ATTRIBUTES)) if not is_silent[column]} == known
    assert encoder.embed(["vile"]) is None


def test_the_shares_of_a_model_that_chooses_one_label_add_up(tmp_path: Path) -> None:
    model = write_own(tmp_path, LABELS, ROWS, said='activation = "softmax"')
    found = scores(Encoder.load_own(model), "vile")[0]
    shares = np.exp([0.0, 6.0, 0.0, 1.0])
    shares /= shares.sum()
    assert found[TOXICITY] == pytest.approx(shares[1] + shares[3], abs=1e-5)
    assert found[PROFANITY] == pytest.approx(shares[2], abs=1e-5)


def test_a_model_may_want_other_inputs(tmp_path: Path) -> None:
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    model = write_own(tmp_path, LABELS, ROWS, inputs=inputs, integers=TensorProto.INT32)
    assert scores(Encoder.load_own(model), "vile")[0, TOXICITY] > 0.9


def test_its_tokenizer_may_lie_elsewhere(tmp_path: Path) -> None:
    model = write_own(tmp_path, LABELS, ROWS)
    elsewhere = (tmp_path / "tokenizer.json").rename(tmp_path / "words.json")
    with pytest.raises(ModelBroken, match=r"tokenizer\.json"):
        Encoder.load_own(model)
    assert scores(Encoder.load_own(model, elsewhere), "vile")[0, TOXICITY] > 0.9


def test_its_embedding_is_used_where_it_has_one(tmp_path: Path) -> None:
    encoder = Encoder.load_own(write_own(tmp_path, LABELS, ROWS, has_embedding=True))
    embeddings = encoder.embed(["vile", "drat"])
    assert embeddings is not None
    assert len(embeddings) == 2


@pytest.mark.parametrize(
    ("labels", "said", "complaint"),
    [
        ({"toxic": "rudeness"}, "", "labels"),
        ({"neutral": ""}, "", "labels"),
        (LABELS, 'activation = "tanh"', "activation"),
        (LABELS, "max_tokens = 100000", "max_tokens"),
        (LABELS, "languages = 3", "languages"),
        (LABELS, "[labels", "own.toml"),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(
    tmp_path: Path, labels: dict[str, str], said: str, complaint: str
) -> None:
    model = write_own(tmp_path, labels, ROWS, said=said)
    with pytest.raises(ModelBroken, match=complaint):
        Encoder.load_own(model)


def test_it_is_known_by_its_digest(tmp_path: Path) -> None:
    one = Encoder.load_own(write_own(tmp_path / "one", LABELS, ROWS))
    same = Encoder.load_own(write_own(tmp_path / "same", LABELS, ROWS))
    other = Encoder.load_own(write_own(tmp_path / "other", LABELS, {**ROWS, "more": [0.0] * 4}))
    assert one.about.digests == same.about.digests != other.about.digests


def test_labels_that_do_not_fit_the_outputs_are_refused(tmp_path: Path) -> None:
    encoder = Encoder.load_own(write_own(tmp_path, {"toxic": "toxicity"}, ROWS))
    with pytest.raises(ModelBroken):
        scores(encoder, "vile")


@pytest.mark.parametrize("missing", ["own.onnx", "own.toml", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    model = write_own(tmp_path, LABELS, ROWS)
    (tmp_path / missing).unlink()
    with pytest.raises(ModelBroken, match=missing):
        Encoder.load_own(model)


def test_the_whole_pipeline_asks_it(tmp_path: Path) -> None:
    model = write_own(tmp_path, LABELS, ROWS, said='languages = ["en"]')
    options = EncoderOptions(EncoderMode.ALWAYS, model)
    batch = Batch(
        [
            Case(Comment("c1", "demo", "/p", "What a lovely scum this is", lang="en")),
            Case(Comment("c2", "demo", "/p", "Quelle belle journée", lang="fr")),
        ]
    )
    english, french = build_pipeline(encoder=options).review(batch, Policy())
    assert english.stages == (Stage.LINEAR, Stage.ENCODER)
    assert french.stages == (Stage.LINEAR,)
    assert english.scores[Attribute.TOXICITY] > 0.5
    assert cascade_of(options).reader.failures == 0
