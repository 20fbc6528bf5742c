"""The ONNX file beside the network that was trained."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from training.encoder.batches import in_order
from training.encoder.source import Floats

WIDTH, ATTRIBUTES = 384, 8


@pytest.fixture(scope="module")
def ids(exported: Path) -> list[list[int]]:
    with np.load(exported / "judged.npz") as file:
        rows = np.split(file["ids"], np.cumsum(file["lengths"])[:-1])
    return [row.tolist() for row in rows]


def _judged(folder: Path, which: str) -> Floats:
    with np.load(folder / "judged.npz") as file:
        found: Floats = file[which]
    return found


def _run(path: Path, ids: list[list[int]]) -> tuple[Floats, Floats]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits = np.zeros((len(ids), ATTRIBUTES), np.float32)
    embeddings = np.zeros((len(ids), WIDTH), np.float32)
    for batch in in_order(ids, 2):
        fed = {
            "input_ids": batch.ids.astype(np.int64),
            "attention_mask": batch.mask.astype(np.int64),
        }
        logits[batch.chosen], embeddings[batch.chosen] = session.run(["logits", "embedding"], fed)
    return logits, embeddings


def test_the_float_file_says_what_the_network_says(exported: Path, ids: list[list[int]]) -> None:
    logits, embeddings = _run(exported / "float.onnx", ids)
    assert np.abs(logits - _judged(exported, "alone")).max() < 0.02
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-4)


def test_the_int8_file_is_a_quarter_as_big_and_says_about_the_same(
    exported: Path, ids: list[list[int]]
) -> None:
    whole, small = ((exported / name).stat().st_size for name in ("float.onnx", "model.onnx"))
    assert small < 0.3 * whole
    logits, embeddings = _run(exported / "model.onnx", ids)
    wanted, near = _run(exported / "float.onnx", ids)
    assert np.abs(logits - wanted).max() < 0.15 * np.ptp(wanted)
    assert ((embeddings * near).sum(1) > 0.99).all()


def test_a_text_is_read_alike_alone_and_beside_any_others(
    exported: Path, ids: list[list[int]]
) -> None:
    together, _ = _run(exported / "model.onnx", ids)
    alone = np.concatenate([_run(exported / "model.onnx", [row])[0] for row in ids])
    assert np.allclose(alone, together, atol=1e-4)


def test_padding_changes_nothing(exported: Path) -> None:
    assert np.allclose(_judged(exported, "alone"), _judged(exported, "padded"), atol=1e-3)


def test_a_released_file_read_back_says_what_it_says(exported: Path, ids: list[list[int]]) -> None:
    logits, _ = _run(exported / "model.onnx", ids)
    assert np.abs(logits - _judged(exported, "read_back")).max() < 0.1 * np.ptp(logits)
