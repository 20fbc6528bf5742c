"""Spam of an unseen origin: the linear model trained anew without a video, or without blocks.

The shipped model has seen other comments of the same three videos, and other lines of the
same written blocks; these tables say what to expect under a page it knows nothing of. The
encoder is not trained anew for it and does not speak; the other checks of spam, which learn
nothing, do so in the last column.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade
from service.moderation.checks import build_pipeline
from service.moderation.checks.spam.linear import WORDS_WEIGHT, LinearSpam
from service.moderation.encoder_options import LINEAR_ALONE
from service.moderation.models.linear import LinearModel, shipped_model
from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Floats
from service.moderation.signal import Attribute, combine
from service.moderation.text import Text
from training.convex import fit_alone
from training.evaluation.contenders import batches
from training.fit import Design
from training.measure import average_precision, recall_at, roc_auc
from training.rows import BEGGING, Row, read_rows, read_videos
from training.targets import targets_of, weights_of

YOUTUBE, WRITTEN = "youtube_spam_collection", "spam_written"
PARTS = 4

_SPAM = ATTRIBUTES.index(Attribute.SPAM)
# Of the clean bulk a fifth is enough here, and seven fits take one minute.
_KEPT_WHOLE = (YOUTUBE, WRITTEN, BEGGING, "sms_spam_uci2011", "posts_read", "contrast_written")
_THINNED_TO = 5


@dataclass(frozen=True, slots=True)
class _Lessons:
    """Hold the rows that know spam, and the folds that are left out in turn: -1 for none."""

    rows: Sequence[Row]
    design: Design
    targets: Floats
    weights: Floats
    videos: NDArray[np.str_]
    parts: NDArray[np.int64]

    def line(self, name: str, chosen: NDArray[np.bool_], scores: NDArray[np.float64]) -> str:
        """Return the line of the rows ``chosen``, whose log-odds ``scores`` are."""
        labels, words = self.targets[chosen] > 0.5, scores[chosen]
        rows = [row for row, keep in zip(self.rows, chosen, strict=True) if keep]
        figures = (
            roc_auc(labels, words),
            average_precision(labels, words),
            recall_at(labels, words, 0.01),
            roc_auc(labels, _with_all_checks(rows, words)),
        )
        cells = " | ".join(f"{figure:.3f}" for figure in figures)
        return f"| {name} | {len(labels)} | {labels.sum()} | {cells} |"


@dataclass(frozen=True, eq=False, slots=True)
class _Anew(LinearModel):
    """Give each text the spam score it is given here, and the rest of the shipped model's."""

    spam: Mapping[str, float]

    def batch_scores(self, batch: Batch) -> Floats:
        scores = super(_Anew, self).batch_scores(batch)
        scores[:, _SPAM] = [self.spam[case.comment.content] for case in batch.cases]
        return scores


def unseen_origins(data: Path) -> Iterator[str]:
    """Yield the lines of the tables."""
    lessons = _lessons(data)
    yield from ("", "#### Spam of an unseen origin, linear model trained without it", "")
    yield (
        "| left out | rows | spam | ROC AUC | average precision | recall at 1% false positives "
        "| ROC AUC, all checks of spam |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|"
    yield from _videos(lessons)
    yield from _blocks(lessons)


def _videos(lessons: _Lessons) -> Iterator[str]:
    scores = np.zeros(len(lessons.rows))
    for video in sorted(set(lessons.videos) - {""}):
        chosen = lessons.videos == video
        scores[chosen] = _without(lessons, chosen)[chosen]
        yield lessons.line(video, chosen, scores)
    yield lessons.line("the three of them together", lessons.videos != "", scores)


def _blocks(lessons: _Lessons) -> Iterator[str]:
    scores = np.zeros(len(lessons.rows))
    for part in range(PARTS):
        chosen = lessons.parts == part
        scores[chosen] = _without(lessons, chosen)[chosen]
    for lang in ("fr", "en"):
        here = np.array([row.source == WRITTEN and row.lang == lang for row in lessons.rows])
        yield lessons.line(f"blocks of {WRITTEN}, {lang}", here, scores)


def _lessons(data: Path) -> _Lessons:
    rows = [row for row in read_rows(data) if Attribute.SPAM in row.targets and _is_kept(row)]
    videos = read_videos(data)
    targets = targets_of(rows)
    return _Lessons(
        rows,
        Design.of([Text.of(row.text) for row in rows]),
        targets[:, _SPAM],
        weights_of(rows, targets)[:, _SPAM],
        np.array([videos.get(row.text, "") if row.source == YOUTUBE else "" for row in rows]),
        np.array([_part(row) for row in rows]),
    )


def _is_kept(row: Row) -> bool:
    number = zlib.crc32(row.text.encode("utf-8", "replace"))
    return row.source in _KEPT_WHOLE or number % _THINNED_TO == 0


def _part(row: Row) -> int:
    return int(row.block.rpartition(":")[2]) % PARTS if row.block.startswith("spam_") else -1


def _without(lessons: _Lessons, left_out: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return every row's score by a model that has not seen those ``left_out``."""
    weights = np.where(left_out, 0, lessons.weights).astype(np.float32)
    table, dense = fit_alone(lessons.design, lessons.targets, weights)
    scores = lessons.design.sparse @ table + lessons.design.dense @ dense
    return np.asarray(scores, float)


def _with_all_checks(rows: Sequence[Row], odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what all checks of spam say together of ``rows``, the model's log-odds given."""
    shipped = shipped_model()
    slope, offset = shipped.weights.calibration[ANY_LANGUAGE][:, _SPAM]
    spam = 1 / (1 + np.exp(-(slope * odds + offset)))
    texts = [row.text for row in rows]
    anew = _Anew(shipped.weights, dict(zip(texts, spam.tolist(), strict=True)))
    pipeline = build_pipeline(encoder=LINEAR_ALONE)
    others = [check for check in pipeline.checks if check.name.startswith("spam.")]
    others = [check for check in others if check.name != LinearSpam.name]
    asked = replace(pipeline, checks=(*others, LinearSpam(Cascade.alone(anew))))
    found = [signals for batch in batches(rows) for signals in asked.look(batch).signals]
    totals = [combine(signals).get(Attribute.SPAM) for signals in found]
    # What no check reports is put in order by the model, as at the doors that ask for numbers.
    return np.array(
        [
            WORDS_WEIGHT * score if total is None else total
            for total, score in zip(totals, spam.tolist(), strict=True)
        ]
    )
