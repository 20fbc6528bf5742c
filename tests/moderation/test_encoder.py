"""The encoder: its files, its windows, and one thread in whichever process asks."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.models.condense import LONGEST_PHRASE
from service.moderation.models.encoder import Encoder
from service.moderation.models.encoder.encoder import MOST_WINDOWS_AT_ONCE
from service.moderation.models.encoder.runs import MOST_ROWS, MOST_TOKENS, padded, runs
from service.moderation.models.encoder.windows import (
    MOST_CANDIDATES,
    best,
    spread,
    stretches,
    worth_reading,
)
from service.moderation.models.weights import ATTRIBUTES, Floats, ModelBroken
from service.moderation.signal import Attribute
from tests.encoders import BIAS, WEIGHTS, WIDTH, write_encoder, write_network

TOXICITY, SPAM = ATTRIBUTES.index(Attribute.TOXICITY), ATTRIBUTES.index(Attribute.SPAM)
FILLER = "".join(f"word{number} " for number in range(LONGEST_PHRASE + 1))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder.load(write_encoder(tmp_path_factory.mktemp("encoder")))


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def toxicity(encoder: Encoder, *texts: str, **options: Any) -> list[float]:
    scores = encoder.judge(texts, ["en"] * len(texts), **options).scores
    return [float(score) for score in scores[:, TOXICITY]]


def vile_first(pieces: Sequence[str]) -> Floats:
    return np.array([piece.count("vile") for piece in pieces], np.float32)


def test_a_text_is_scored_in_every_attribute(encoder: Encoder) -> None:
    (scores,) = encoder.judge(["You are VILE"], ["en"]).scores
    weights = {attribute: BIAS + WEIGHTS["vile"].get(attribute, 0.0) for attribute in ATTRIBUTES}
    assert scores == pytest.approx([sigmoid(weights[each]) for each in ATTRIBUTES], abs=1e-5)


def test_texts_of_all_lengths_keep_their_order(encoder: Encoder) -> None:
    texts = [("kind " * (n % 13)) + ("vile" if n % 3 else "") for n in range(100)]
    together = encoder.judge(texts, [""] * 100)
    for text, scores, embedding in zip(texts, together.scores, together.embeddings, strict=True):  # type: ignore[arg-type]
        alone = encoder.judge([text], [""])
        assert alone.scores[0] == pytest.approx(scores, abs=1e-5)
        assert alone.embeddings is not None
        assert alone.embeddings[0] == pytest.approx(embedding, abs=1e-5)


def test_no_texts_have_no_scores(encoder: Encoder) -> None:
    assert encoder.judge([], []).scores.shape == (0, len(ATTRIBUTES))


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800 vile", "😀" * 300, "\ufdfa" * 50, "a" * 5000]
)
def test_any_text_is_judged(encoder: Encoder, text: str) -> None:
    judged = encoder.judge([text, "vile"], ["fr", "xx"])
    assert np.isfinite(judged.scores).all()
    assert judged.scores[1, TOXICITY] > 0.9


def test_half_a_character_hides_no_word_beside_it(encoder: Encoder) -> None:
    (score,) = toxicity(encoder, "\ud800 vile")
    assert score > 0.9


def test_embeddings_are_of_unit_length(encoder: Encoder) -> None:
    embeddings = encoder.embed(["vile kind", FILLER + "offer", "kind"])
    assert embeddings is not None
    assert embeddings.shape == (3, WIDTH)
    assert np.linalg.norm(embeddings, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


def test_each_language_has_its_calibration_and_others_the_general_one(tmp_path: Path) -> None:
    curves = {"": {"toxicity": [1.0, 1.0]}, "fr": {"toxicity": [0.5, 0.0]}, "de": {}}
    encoder = Encoder.load(write_encoder(tmp_path, calibration=curves))
    scores = encoder.judge(["vile"] * 4, ["fr", "fr-CA", "de", "xx"]).scores
    logit = BIAS + 6.0
    expected = [sigmoid(logit / 2), sigmoid(logit / 2), sigmoid(logit + 1), sigmoid(logit + 1)]
    assert scores[:, TOXICITY] == pytest.approx(expected, abs=1e-5)
    assert scores[:, SPAM] == pytest.approx([sigmoid(BIAS)] * 4, abs=1e-5)


def test_an_insult_far_inside_a_long_text_counts(encoder: Encoder) -> None:
    (score,) = toxicity(encoder, FILLER + "vile " + FILLER)
    assert score == pytest.approx(sigmoid(BIAS + 6.0), abs=1e-5)


def test_of_a_very_long_text_the_windows_ranked_first_are_read(encoder: Encoder) -> None:
    text = FILLER * 20 + "vile " + FILLER * 20
    assert toxicity(encoder, text) == pytest.approx([sigmoid(BIAS)], abs=1e-5)
    assert toxicity(encoder, text, rank=vile_first) == pytest.approx(
        [sigmoid(BIAS + 6.0)], abs=1e-5
    )


def test_of_a_long_text_the_half_of_the_windows_that_is_ranked_first_is_read(
    encoder: Encoder,
) -> None:
    tokeniser = encoder.tokeniser
    text = "vile " + FILLER
    windows = tokeniser.windows(text)
    worst = tokeniser.windows(text, vile_first)
    assert len(windows) > 1
    assert len(worst) == worth_reading(len(windows)) == math.ceil(len(windows) / 2)
    assert worst[0] == windows[0]


def test_a_batch_of_long_texts_gets_fewer_windows_but_none_is_left_out(encoder: Encoder) -> None:
    texts = [FILLER * 5 + "vile " + FILLER * 5] * 100
    windows = encoder._windows(texts, vile_first)
    assert sum(map(len, windows)) <= MOST_WINDOWS_AT_ONCE
    assert toxicity(encoder, *texts, rank=vile_first) == pytest.approx(
        [sigmoid(BIAS + 6.0)] * 100, abs=1e-5
    )


def test_a_prefix_opens_every_window(tmp_path: Path) -> None:
    encoder = Encoder.load(write_encoder(tmp_path, prefix="kind "))
    (windows,) = encoder._windows([FILLER], None)
    kind = encoder.tokeniser.native.token_to_id("kind")
    assert len(windows) > 1
    assert all(window[:2] == [0, kind] and window[-1] == 2 for window in windows)
    assert all(len(window) <= 16 for window in windows)


@given(count=st.integers(0, 5000), room=st.integers(1, 200))
def test_windows_cover_a_text_and_overlap(count: int, room: int) -> None:
    places = stretches(count, room)
    assert places[0][0] == 0
    assert places[-1][1] == count
    assert len(places) <= MOST_CANDIDATES
    assert all(0 <= end - start <= room for start, end in places)
    if len(places) < MOST_CANDIDATES:
        assert all(a[1] >= b[0] for a, b in pairwise(places))


def test_the_best_windows_come_first_and_spread_ones_in_reading_order() -> None:
    places = [(n, n + 1) for n in range(20)]
    values = np.array([n % 7 for n in range(20)], np.float32)
    assert best(places, values, 4) == [(6, 7), (13, 14), (5, 6), (12, 13)]
    assert spread(places, 3) == [(0, 1), (10, 11), (19, 20)]
    assert spread(places[:2]) == places[:2]


@given(lengths=st.lists(st.integers(1, 64), max_size=200))
def test_runs_hold_every_row_once_and_little_padding(lengths: list[int]) -> None:
    found = list(runs(lengths))
    assert sorted(int(i) for run in found for i in run) == list(range(len(lengths)))
    for run in found:
        inside = [lengths[index] for index in run]
        assert len(inside) <= MOST_ROWS
        assert len(inside) * max(inside) <= MOST_TOKENS
        assert max(inside) <= 1.1 * min(inside) + 2


def test_padding_is_masked() -> None:
    ids, mask = padded([[5, 6, 7], [8]], 1)
    assert ids.tolist() == [[5, 6, 7], [8, 1, 1]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]


# Skimmed ------------------------------------------------------------------------------------


def skimmed(encoder: Encoder, text: str, odds: float = 0.0) -> float:
    linear = np.full((1, len(ATTRIBUTES)), sigmoid(odds), np.float32)
    scores = encoder.skim([text], ["en"], linear)
    assert scores is not None
    assert np.isnan(scores[0, SPAM])
    return float(scores[0, TOXICITY])


def test_a_skim_is_the_mean_of_what_the_pieces_weigh_and_the_linear_score(tmp_path: Path) -> None:
    encoder = Encoder.load(write_encoder(tmp_path, calm={"en": 0.1}))
    assert skimmed(encoder, "vile") == pytest.approx(sigmoid(6 / 3), abs=1e-3)
    assert skimmed(encoder, "vile refuse word") == pytest.approx(sigmoid(-2 / 5), abs=1e-3)
    assert skimmed(encoder, "vile", odds=-3.0) == pytest.approx(sigmoid(6 / 3 - 3), abs=1e-3)
    assert skimmed(encoder, "") == pytest.approx(0.5, abs=1e-3)


def test_of_a_long_text_the_worst_window_is_what_a_skim_expects(tmp_path: Path) -> None:
    encoder = Encoder.load(write_encoder(tmp_path, calm={"en": 0.1}))
    alike = [f"{word} vile" for word in FILLER.split()[:7]]
    of_window = skimmed(encoder, " ".join((FILLER, *alike)))
    assert of_window == pytest.approx(sigmoid(7 * 6 / 16), abs=1e-3)


def test_a_skim_has_the_calibration_of_the_network(tmp_path: Path) -> None:
    curves = {"": {"toxicity": [0.5, 1.0]}}
    encoder = Encoder.load(write_encoder(tmp_path, calm={"en": 0.1}, calibration=curves))
    assert skimmed(encoder, "vile") == pytest.approx(sigmoid(0.5 * 6 / 3 + 1), abs=1e-3)


def test_texts_are_skimmed_alike_alone_and_together(tmp_path: Path) -> None:
    encoder = Encoder.load(write_encoder(tmp_path, calm={"en": 0.1}))
    texts = ["vile", "", FILLER, "kind refuse", FILLER + "vile", "offer"]
    linear = np.linspace(0.1, 0.9, 6 * len(ATTRIBUTES), dtype=np.float32).reshape(6, -1)
    together = encoder.skim(texts, ["en"] * 6, linear)
    alone = [encoder.skim([text], ["en"], linear[n : n + 1]) for n, text in enumerate(texts)]
    assert together is not None
    for whole, each in zip(together, alone, strict=True):
        assert each is not None
        assert each[0] == pytest.approx(whole, abs=1e-5, nan_ok=True)


def test_a_model_that_calls_nothing_calm_is_not_skimmed(encoder: Encoder) -> None:
    assert encoder.skim(["vile"], ["en"], np.full((1, len(ATTRIBUTES)), 0.5, np.float32)) is None


# What cannot be used -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["about.json", "model.onnx", "tokenizer.json", "skim.npz"])
def test_a_missing_file_breaks_the_model(tmp_path: Path, name: str) -> None:
    (write_encoder(tmp_path, calm={"en": 0.1}) / name).unlink()
    with pytest.raises(ModelBroken, match=name):
        Encoder.load(tmp_path)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "skim.npz"])
def test_a_damaged_file_breaks_the_model(tmp_path: Path, name: str) -> None:
    path = write_encoder(tmp_path, calm={"en": 0.1}) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelBroken, match="SHA-256"):
        Encoder.load(tmp_path)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("version", 2),
        ("attributes", ["toxicity", "rudeness"]),
        ("attributes", None),
        ("max_tokens", 4),
        ("max_tokens", "many"),
        ("calibration", {"": {"toxicity": [1.0]}}),
        ("calibration", {"": {"rudeness": [1.0, 0.0]}}),
        ("calibration", {"": {"toxicity": [math.nan, 0.0]}}),
        ("band", {"": [0.5]}),
        ("calm", {"en": "low"}),
        ("sha256", "none"),
    ],
)
def test_what_is_said_of_a_model_must_make_sense(tmp_path: Path, entry: str, value: Any) -> None:
    write_encoder(tmp_path, **{entry: value})
    with pytest.raises(ModelBroken, match=entry):
        Encoder.load(tmp_path)


@pytest.mark.parametrize("shape", [(4,), (4, 3), (2, 2, 2)])
def test_a_skim_of_another_shape_breaks_the_model(tmp_path: Path, shape: tuple[int, ...]) -> None:
    folder = write_encoder(tmp_path, calm={"en": 0.1})
    width = len(ATTRIBUTES)
    np.savez(folder / "skim.npz", pieces=np.zeros(shape), linear=np.eye(width), offset=[0] * width)
    with pytest.raises(ModelBroken, match=r"skim\.npz has the wrong shape"):
        vouched_for(folder)


def test_what_is_no_archive_of_arrays_is_no_skim(tmp_path: Path) -> None:
    folder = write_encoder(tmp_path, calm={"en": 0.1})
    (folder / "skim.npz").write_bytes(b"no skim")
    with pytest.raises(ModelBroken, match=r"skim\.npz is no skim"):
        vouched_for(folder)


@pytest.mark.parametrize("text", ["", "[", "3", "[1]"])
def test_an_unreadable_description_breaks_the_model(tmp_path: Path, text: str) -> None:
    (write_encoder(tmp_path) / "about.json").write_text(text)
    with pytest.raises(ModelBroken):
        Encoder.load(tmp_path)


def vouched_for(folder: Path) -> Encoder:
    """Load an encoder whose files were changed, with digests to match."""
    said = json.loads((folder / "about.json").read_text())
    digests = {name: _digest(folder / name) for name in said["sha256"]}
    (folder / "about.json").write_text(json.dumps({**said, "sha256": digests}))
    return Encoder.load(folder)


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_no_network_breaks_the_model_when_it_is_first_run(tmp_path: Path) -> None:
    (write_encoder(tmp_path) / "model.onnx").write_bytes(b"no network")
    encoder = vouched_for(tmp_path)
    with pytest.raises(ModelBroken, match=r"model\.onnx"):
        encoder.judge(["vile"], ["en"])


def test_a_file_that_is_no_tokenizer_breaks_the_model(tmp_path: Path) -> None:
    (write_encoder(tmp_path) / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelBroken, match=r"tokenizer\.json"):
        vouched_for(tmp_path)


@pytest.mark.parametrize(
    ("columns", "options"), [(3, {}), (8, {"output": "scores"})], ids=["too few", "other name"]
)
def test_a_network_with_other_outputs_breaks_the_model(
    tmp_path: Path, columns: int, options: Any
) -> None:
    write_encoder(tmp_path)
    write_network(tmp_path / "model.onnx", [[0.0] * columns] * len(WEIGHTS), **options)
    encoder = vouched_for(tmp_path)
    with pytest.raises(ModelBroken):
        encoder.judge(["vile"], ["en"])


def test_a_network_whose_numbers_are_none_fails(tmp_path: Path) -> None:
    write_encoder(tmp_path)
    write_network(tmp_path / "model.onnx", [[math.nan] * 8] * len(WEIGHTS))
    encoder = vouched_for(tmp_path)
    with pytest.raises(ArithmeticError):
        encoder.judge(["vile"], ["en"])


# Processes and threads ---------------------------------------------------------------------


def judged_in_a_child(encoder: Encoder, answers: Any) -> None:
    answers.put((os.getpid(), encoder.session._made[0], toxicity(encoder, "vile", "kind")))
    answers.put(encoder.session._made[0])


def test_a_forked_child_opens_the_network_for_itself(encoder: Encoder) -> None:
    before = toxicity(encoder, "vile", "kind")
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=judged_in_a_child, args=(encoder, answers))
    child.start()
    pid, inherited, scores = answers.get(timeout=60)
    opened = answers.get(timeout=60)
    child.join(60)
    assert (child.exitcode, pid, inherited, opened) == (0, child.pid, os.getpid(), child.pid)
    assert scores == pytest.approx(before)
    assert toxicity(encoder, "vile", "kind") == pytest.approx(before)


def threads() -> set[str]:
    return {path.name for path in Path("/proc/self/task").iterdir()}


def test_judging_starts_no_thread(tmp_path: Path) -> None:
    encoder = Encoder.load(write_encoder(tmp_path))
    import onnxruntime  # noqa: F401  its import may start one of its own

    before = threads()
    for _ in range(3):
        encoder.judge(["vile " * n for n in range(80)], ["en"] * 80)
    assert threads() <= before


def test_the_service_and_its_checks_load_no_runtime_before_a_comment_needs_it() -> None:
    loads = (
        "import sys, service.app, workers.moderate\n"
        "from service.moderation.checks import build_pipeline\n"
        "assert build_pipeline().faulty == ()\n"
        "assert not {'onnxruntime', 'tokenizers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", loads], check=True, timeout=60)


def test_the_network_is_not_opened_before_it_is_needed(tmp_path: Path) -> None:
    encoder = Encoder.load(write_encoder(tmp_path))
    assert encoder.session._made == (0, None)
    encoder.judge(["vile"], ["en"])
    assert encoder.session._made[0] == os.getpid()
