"""A small network of chance, exported and asked, for the tests: give it a folder.

It runs in a process of its own, because JAX starts threads and other tests fork.
"""

from __future__ import annotations

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from training.encoder import export, learn
from training.encoder.batches import padded
from training.encoder.learn import Encoder
from training.encoder.network import INNER, LAYERS, POSITIONS, WIDTH, parameters
from training.encoder.released import read_released
from training.encoder.source import Floats

WORDS, NEW = 40, 3
LENGTHS = (3, 9, 17, 30, 60)
WINDOW = 64


def some_ids() -> list[list[int]]:
    """Return a few texts as numbers of pieces, of several lengths."""
    rng = np.random.default_rng(3)
    return [rng.integers(0, WORDS + NEW, length).tolist() for length in LENGTHS]


def some_encoder() -> Encoder:
    """Return an encoder that has learned nothing."""
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
            tensors[f"l{layer}.{name}.w"] = 1 + some(WIDTH)
            tensors[f"l{layer}.{name}.b"] = some(WIDTH)
    return Encoder(*parameters(tensors, np.arange(WORDS), NEW, seed=2))


def all_padded(encoder: Encoder, ids: list[list[int]]) -> Floats:
    """Return what the network says of rows that are all padded to the longest."""
    batch = padded([*ids, [5] * WINDOW], np.arange(len(ids) + 1))
    trained = {name: jnp.asarray(value) for name, value in encoder.trained.items()}
    found = learn.logits(trained, jnp.asarray(encoder.words), batch.ids, batch.mask)
    return np.asarray(found)[: len(ids)]


def main(folder: Path) -> None:
    """Write both exported files, and what the network itself says, into ``folder``."""
    encoder, ids = some_encoder(), some_ids()
    export.write_float(folder / "float.onnx", encoder, WINDOW)
    export.write(folder / "model.onnx", encoder, WINDOW, ids)
    Tokenizer(WordLevel({"a": 0})).save(str(folder / "tokenizer.json"))
    _, read_back = read_released(folder, WORDS)
    np.savez(
        folder / "judged.npz",
        ids=np.concatenate(ids),
        lengths=LENGTHS,
        read_back=learn.judged(read_back, ids, at_once=1),
        alone=learn.judged(encoder, ids, at_once=1),
        padded=all_padded(encoder, ids),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
