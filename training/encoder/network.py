"""The network: a post-norm BERT of few layers, its mean read by one head per attribute."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from service.moderation.models.weights import ATTRIBUTES
from training.encoder.source import Floats

WIDTH, HEADS, INNER, LAYERS = 384, 12, 1536, 6
POSITIONS = 512
EPSILON = 1e-12
# Far below any score, so that padding gets no attention.
NOWHERE = -1e9

Parameters = dict[str, jax.Array]

_SHAPES = {
    "q": (WIDTH, WIDTH),
    "k": (WIDTH, WIDTH),
    "v": (WIDTH, WIDTH),
    "ao": (WIDTH, WIDTH),
    "fi": (INNER, WIDTH),
    "fo": (WIDTH, INNER),
}


def parameters(
    tensors: Mapping[str, Floats], rows: NDArray[np.int64], new: int, seed: int
) -> tuple[Floats, dict[str, Floats]]:
    """Return the embeddings of the pieces at ``rows``, and all that is trained.

    The embeddings are (pieces, width); those of the ``new`` pieces begin about the
    mean. Matrices are turned: (inputs, outputs).
    """
    rng = np.random.default_rng(seed)
    words = tensors["emb.word"][rows]
    chosen: dict[str, Floats] = {
        "pos": tensors["emb.pos"] + tensors["emb.type"][0],
        "ln.w": tensors["emb.ln.w"],
        "ln.b": tensors["emb.ln.b"],
    }
    for layer in range(LAYERS):
        chosen |= _layer(tensors, layer)
    fresh = words.mean(0) + rng.normal(0, 0.3 * words.std(), (new, WIDTH))
    wide = rng.normal(0, 0.02, (2 * WIDTH, len(ATTRIBUTES))).astype(np.float32)
    chosen |= {"new": fresh.astype(np.float32), "head.w": wide}
    chosen["head.b"] = np.full(len(ATTRIBUTES), -1.0, np.float32)
    return words, chosen


def _layer(tensors: Mapping[str, Floats], layer: int) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for name, shape in _SHAPES.items():
        found[f"{layer}.{name}.w"] = tensors[f"l{layer}.{name}.w"].reshape(shape).T.copy()
        found[f"{layer}.{name}.b"] = tensors[f"l{layer}.{name}.b"]
    for name in ("aln.w", "aln.b", "oln.w", "oln.b"):
        found[f"{layer}.{name}"] = tensors[f"l{layer}.{name}"]
    return found


def forward(trained: Parameters, words: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the logits, (rows, attributes), and the mean of the last layer, (rows, width).

    ``words`` is (rows, length, width), the embeddings looked up; ``mask`` is (rows,
    length), 1 for a piece and 0 for padding. Products are of two dimensions, rows and
    length folded together: XLA runs those a third faster on a CPU.
    """
    rows, length = mask.shape
    x = (words + trained["pos"][:length]).reshape(rows * length, WIDTH)
    x = _normal(x, trained["ln.w"], trained["ln.b"])
    bias = jnp.where(mask > 0, 0.0, NOWHERE)[:, None, None, :]
    for layer in range(LAYERS):
        x = _block(trained, layer, x, bias, (rows, length))
    return _read(trained, x.reshape(rows, length, WIDTH), mask)


def _block(
    trained: Parameters, layer: int, x: jax.Array, bias: jax.Array, shape: tuple[int, int]
) -> jax.Array:
    def linear(name: str, value: jax.Array) -> jax.Array:
        return value @ trained[f"{layer}.{name}.w"] + trained[f"{layer}.{name}.b"]

    def normal(name: str, value: jax.Array) -> jax.Array:
        return _normal(value, trained[f"{layer}.{name}.w"], trained[f"{layer}.{name}.b"])

    q, k, v = (_heads(linear(name, x), shape) for name in "qkv")
    x = normal("aln", x + linear("ao", _attended(q, k, v, bias)))
    inner = jax.nn.gelu(linear("fi", x), approximate=False)
    return normal("oln", x + linear("fo", inner))


def _heads(x: jax.Array, shape: tuple[int, int]) -> jax.Array:
    rows, length = shape
    return x.reshape(rows, length, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)


def _attended(q: jax.Array, k: jax.Array, v: jax.Array, bias: jax.Array) -> jax.Array:
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(WIDTH // HEADS).astype(np.float32)
    found = jax.nn.softmax(scores + bias, axis=-1) @ v
    return found.transpose(0, 2, 1, 3).reshape(-1, WIDTH)


def _normal(x: jax.Array, scale: jax.Array, shift: jax.Array) -> jax.Array:
    mean = x.mean(-1, keepdims=True)
    spread = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(spread + EPSILON) * scale + shift


def _read(trained: Parameters, x: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return logits from the mean and the greatest of each number over the pieces."""
    weights = mask[:, :, None].astype(jnp.float32)
    mean = (x * weights).sum(1) / weights.sum(1)
    most = jnp.where(weights > 0, x, NOWHERE).max(1)
    return jnp.concatenate([mean, most], -1) @ trained["head.w"] + trained["head.b"], mean
