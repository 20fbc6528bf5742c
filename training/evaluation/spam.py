"""Spam of an unseen origin: the linear model trained anew without a video, or without blocks.

The shipped model has seen other comments of the same three videos, and other lines of the
same written blocks; these tables say what to expect under a page it knows nothing of.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.weights import ATTRIBUTES, Floats
from service.moderation.signal import Attribute
from service.moderation.text import Text
from training.convex import fit_alone
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


def unseen_origins(data: Path) -> Iterator[str]:
    """Yield the lines of the tables."""
    lessons = _lessons(data)
    yield from ("", "#### Spam of an unseen origin, linear model trained without it", "")
    yield "| left out | rows | spam | ROC AUC | average precision | recall at 1% false positives |"
    yield "|---|--:|--:|--:|--:|--:|"
    for video in sorted(set(lessons.videos) - {""}):
        chosen = lessons.videos == video
        yield _line(video, lessons.targets[chosen], _without(lessons, chosen)[chosen])
    yield from _blocks(lessons)


def _blocks(lessons: _Lessons) -> Iterator[str]:
    scores = np.zeros(len(lessons.rows))
    for part in range(PARTS):
        chosen = lessons.parts == part
        scores[chosen] = _without(lessons, chosen)[chosen]
    for lang in ("fr", "en"):
        here = np.array([row.source == WRITTEN and row.lang == lang for row in lessons.rows])
        yield _line(f"blocks of {WRITTEN}, {lang}", lessons.targets[here], scores[here])


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


def _line(name: str, targets: Floats, scores: NDArray[np.float64]) -> str:
    labels = targets > 0.5
    figures = (
        roc_auc(labels, scores),
        average_precision(labels, scores),
        recall_at(labels, scores, 0.01),
    )
    cells = " | ".join(f"{figure:.3f}" for figure in figures)
    return f"| {name} | {len(labels)} | {labels.sum()} | {cells} |"
