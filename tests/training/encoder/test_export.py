"""The ONNX file beside the network that was trained."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from training.encoder import export, learn
from training.encoder.batches import in_order
from training.encoder.learn import Encoder
from training.encoder.network import INNER, LAYERS, POSITIONS, WIDTH, parameters
from training.encoder.source import Floats

WORDS, NEW = 40, 3


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    rng = np.random.default_rng(1)

    def some(*shape: int) -> Floats:
        return rng.normal(0, 0.05, shape).astype(np.float32)

    tensors: dict[str, Floats] = {
        "emb.word": some(WORDS, WIDTH),
        "emb.pos": some(POSITIONS, WIDTH),
        "emb.type": some(2, WIDTH),
        "emb.ln.w": 1 + some(WIDTH),
        "emb.ln.b": some(WIDTH),
    }
    for layer in range(LAYERS):
        shapes = {"fi": (INNER, WIDTH), "fo": (WIDTH, INNER)}
        for name in ("q", "k", "v", "ao", "fi", "fo"):
            rows, columns = shapes.get(name, (WIDTH, WIDTH))
            tensors[f"l{layer}.{name}.w"] = some(rows * columns)
            tensors[f"l{layer}.{name}.b"] = some(rows)
        for name in ("aln", "oln"):
            tensors[f"l{layer}.{name}.w"], tensors[f"l{layer}.{name}.b"] = (
                1 + some(WIDTH),
                some(WIDTH),
            )
    return Encoder(*parameters(tensors, np.arange(WORDS), NEW, seed=2))


@pytest.fixture(scope="module")
def ids() -> list[list[int]]:
    rng = np.random.default_rng(3)
    return [rng.integers(0, WORDS + NEW, length).tolist() for length in (3, 9, 17, 30, 60)]


def _run(path: Path, ids: list[list[int]]) -> tuple[Floats, Floats]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits, embeddings = (
        np.zeros((len(ids), 8), np.float32),
        np.zeros((len(ids), WIDTH), np.float32),
    )
    for batch in in_order(ids, 2):
        fed = {
            "input_ids": batch.ids.astype(np.int64),
            "attention_mask": batch.mask.astype(np.int64),
        }
        logits[batch.chosen], embeddings[batch.chosen] = session.run(["logits", "embedding"], fed)
    return logits, embeddings


def test_the_float_file_says_what_the_network_says(
    encoder: Encoder, ids: list[list[int]], tmp_path: Path
) -> None:
    export.write_float(tmp_path / "float.onnx", encoder, 64)
    logits, embeddings = _run(tmp_path / "float.onnx", ids)
    assert np.abs(logits - learn.judged(encoder, ids)).max() < 0.02
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-4)


def test_the_int8_file_is_a_quarter_as_big_and_says_about_the_same(
    encoder: Encoder, ids: list[list[int]], tmp_path: Path
) -> None:
    export.write_float(tmp_path / "float.onnx", encoder, 64)
    export.write(tmp_path / "model.onnx", encoder, 64)
    whole, small = ((tmp_path / name).stat().st_size for name in ("float.onnx", "model.onnx"))
    assert small < 0.3 * whole
    logits, embeddings = _run(tmp_path / "model.onnx", ids)
    wanted, near = _run(tmp_path / "float.onnx", ids)
    assert np.abs(logits - wanted).max() < 0.15 * np.ptp(wanted)
    assert ((embeddings * near).sum(1) > 0.99).all()


def test_padding_changes_nothing(encoder: Encoder, ids: list[list[int]]) -> None:
    alone = np.concatenate([learn.judged(encoder, [row]) for row in ids])
    assert np.allclose(alone, learn.judged(encoder, [*ids, [5] * 64])[: len(ids)], atol=1e-3)
