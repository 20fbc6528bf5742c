"""Contenders: whoever scores rows, and our own stages as such."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch
from service.moderation.cascade import cascade_of
from service.moderation.checks import build_pipeline
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import DEFAULT, LINEAR_ALONE, EncoderMode, EncoderOptions
from service.moderation.graded import graded
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute, combine
from training.rows import Row

Values = NDArray[np.float64]
Score = Callable[[Sequence[Row]], Values]
Judge = Callable[[Sequence[str]], Sequence[float]]
"""One answer for each text, 0..1."""

LINEAR, ENCODER, CASCADE, CHECKS = "linear", "encoder", "cascade", "all checks"
OURS = (LINEAR, ENCODER, CASCADE, CHECKS)

_BATCH = 256
_ANSWERED = [ATTRIBUTES.index(each) for each in (Attribute.TOXICITY, Attribute.PROFANITY)]


@dataclass(frozen=True, slots=True)
class Contender:
    """Give n rows scores, (n, ``ATTRIBUTES``), nan for what it does not judge."""

    name: str
    score: Score


def ours() -> list[Contender]:
    """Return the linear model, the encoder, both as they are shipped, and all checks."""
    always = EncoderOptions(EncoderMode.ALWAYS)
    encoder = cascade_of(always).reader.encoder()
    return [
        Contender(LINEAR, _batched(lambda batch: cascade_of(LINEAR_ALONE).judge(batch).scores)),
        Contender(ENCODER, _batched(lambda batch: encoder.judge(*_said(batch)).scores)),
        Contender(CASCADE, _batched(lambda batch: cascade_of(DEFAULT).judge(batch).scores)),
        Contender(CHECKS, _totals(DEFAULT)),
    ]


def of_one_answer(judge: Judge) -> Score:
    """Return a score of rows from one answer a text, 0..1: is it toxic, which is, is it profane."""

    def score(rows: Sequence[Row]) -> Values:
        scores = np.full((len(rows), len(ATTRIBUTES)), np.nan)
        scores[:, _ANSWERED] = np.array(judge([row.text for row in rows]), float)[:, None]
        return scores

    return score


def batch_of(rows: Iterable[Row]) -> Batch:
    """Return ``rows`` as comments that say their language."""
    return Batch(
        [Case(Comment(id="", site="", page="", content=row.text, lang=row.lang)) for row in rows]
    )


def batches(rows: Sequence[Row]) -> Iterator[Batch]:
    """Yield ``rows`` in batches as a worker gets them."""
    return (batch_of(rows[start : start + _BATCH]) for start in range(0, len(rows), _BATCH))


def _said(batch: Batch) -> tuple[list[str], list[str]]:
    return [case.comment.content for case in batch.cases], list(batch.langs)


def _batched(judge: Callable[[Batch], NDArray[np.float32]]) -> Score:
    return lambda rows: np.concatenate([judge(batch) for batch in batches(rows)]).astype(float)


def _totals(options: EncoderOptions) -> Score:
    """Return what ``ecluse score`` prints: totals, and the models' numbers where there is none."""
    pipeline, models = build_pipeline(encoder=options), cascade_of(options)

    def totals(batch: Batch) -> NDArray[np.float32]:
        found = pipeline.look(batch).signals
        numbers = batch.once(models.judge).scores.tolist()
        rows = (graded(combine(signals), row) for signals, row in zip(found, numbers, strict=True))
        return np.array([[row[each] for each in ATTRIBUTES] for row in rows], np.float32)

    return _batched(totals)
