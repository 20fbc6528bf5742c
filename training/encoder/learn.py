"""Gradient steps: AdamW with a warm-up and a cosine, on the targets that rows know."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from training.encoder.batches import in_order, shuffled
from training.encoder.lessons import Lessons
from training.encoder.network import Parameters, forward
from training.encoder.source import Floats

_REPORTED = 50
_KEPT_EVERY = 400
_CLIPPED = 1.0
_DECAY = 0.01
_JUDGED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Course:
    """Say how to learn: ``rate`` at the top of the warm-up, ``last`` of it at the end."""

    rate: float
    warm_up: int
    batch: int = 64
    last: float = 0.05
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Encoder:
    """Hold the embeddings, which do not learn, and all that does."""

    words: Floats
    trained: Mapping[str, Floats]


def learn(encoder: Encoder, lessons: Lessons, course: Course, kept: Path) -> Encoder:
    """Return ``encoder`` after one reading of ``lessons``, written to ``kept`` on the way too."""
    batches = list(shuffled(lessons.ids, course.batch, course.seed))
    rule = _rule(course, len(batches))
    trained = {name: jnp.asarray(value) for name, value in encoder.trained.items()}
    state = rule.init(trained)
    words, step = jnp.asarray(encoder.words), _stepper(rule)
    started, losses = time.monotonic(), []
    for number, batch in enumerate(batches, 1):
        targets, weights = lessons.targets[batch.chosen], lessons.weights[batch.chosen]
        trained, state, loss = step(trained, state, words, batch.ids, batch.mask, targets, weights)
        losses.append(loss)
        if number % _REPORTED == 0 or number == len(batches):
            _report(number, len(batches), np.mean(losses[-_REPORTED:]), started)
        if number % _KEPT_EVERY == 0:
            save(kept.with_suffix(f".{number}.npz"), _taken(encoder, trained))
    save(kept, _taken(encoder, trained))
    return load(kept)


def _taken(encoder: Encoder, trained: Parameters) -> Encoder:
    return Encoder(encoder.words, {name: np.asarray(value) for name, value in trained.items()})


def _rule(course: Course, steps: int) -> optax.GradientTransformation:
    warm_up = min(course.warm_up, steps // 3)
    rate = optax.warmup_cosine_decay_schedule(
        0.0, course.rate, warm_up, max(steps, 2), course.rate * course.last
    )
    return optax.chain(
        optax.clip_by_global_norm(_CLIPPED),
        optax.adamw(rate, b2=0.98, weight_decay=_DECAY, mask=_decays),
    )


def _decays(trained: Parameters) -> dict[str, bool]:
    return {name: value.ndim == 2 and name not in ("pos", "new") for name, value in trained.items()}


def _stepper(rule: optax.GradientTransformation) -> Callable[..., Any]:
    def loss_of(
        trained: Parameters,
        words: jax.Array,
        ids: jax.Array,
        mask: jax.Array,
        targets: jax.Array,
        weights: jax.Array,
    ) -> jax.Array:
        logits, _ = forward(trained, looked_up(trained, words, ids), mask)
        losses = optax.sigmoid_binary_cross_entropy(logits, targets)
        return jnp.asarray((losses * weights).sum() / len(ids))

    def step(trained: Parameters, state: Any, *batch: jax.Array) -> Any:
        loss, slopes = jax.value_and_grad(loss_of)(trained, *batch)
        changes, state = rule.update(slopes, state, trained)
        return optax.apply_updates(trained, changes), state, loss

    return jax.jit(step, donate_argnums=(0, 1))


def looked_up(trained: Parameters, words: jax.Array, ids: jax.Array) -> jax.Array:
    """Return the embeddings of ``ids``: of known pieces as they came, of new ones as learned."""
    fresh = trained["new"][jnp.maximum(ids - len(words), 0)]
    known = words[jnp.minimum(ids, len(words) - 1)]
    return jnp.where((ids < len(words))[:, :, None], known, fresh)


def judged(
    encoder: Encoder, ids: Sequence[Sequence[int]], at_once: int = _JUDGED_AT_ONCE
) -> Floats:
    """Return the logits of rows, (rows, attributes), ``at_once`` of about one length at a time."""
    trained = {name: jnp.asarray(value) for name, value in encoder.trained.items()}
    words = jnp.asarray(encoder.words)
    found = np.zeros((len(ids), encoder.trained["head.b"].shape[0]), np.float32)
    for batch in in_order(ids, at_once):
        found[batch.chosen] = logits(trained, words, batch.ids, batch.mask)
    return found


@jax.jit
def logits(trained: Parameters, words: jax.Array, ids: jax.Array, mask: jax.Array) -> jax.Array:
    """Return the logits of one padded batch; a program is compiled for each of its shapes."""
    return forward(trained, looked_up(trained, words, ids), mask)[0]


def save(path: Path, encoder: Encoder) -> None:
    """Write ``encoder`` to ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"words": encoder.words, **encoder.trained}
    np.savez(path, **arrays)


def load(path: Path) -> Encoder:
    """Return the encoder that ``save`` wrote to ``path``."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    return Encoder(arrays.pop("words"), arrays)


def _report(number: int, of: int, loss: float, started: float) -> None:
    seconds = time.monotonic() - started
    print(f"step {number}/{of}, loss {loss:.4f}, {seconds:.0f} s", flush=True)
