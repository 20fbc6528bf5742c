"""Make the weights: ``python -m training.train --data FOLDER --out FOLDER [--soft FILE]``.

Seeded: the same data give the same bytes. Two to three minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.features import DENSE
from service.moderation.models.linear import SHIPPED, LinearModel
from service.moderation.models.weights import (
    ANY_LANGUAGE,
    ATTRIBUTES,
    Floats,
    Weights,
    write,
)
from service.moderation.signal import Attribute
from service.moderation.text import Text
from training.calibrate import curves, straight
from training.convex import fit_alone
from training.encoder.templates import teaching
from training.fit import Design, Parameters, Schedule, fit, quantised
from training.rows import WORD_SOURCES, Row, read_beside, read_rows
from training.soft import read_soft
from training.split import CALIBRATED, folds, rows_that_teach
from training.targets import LESSON_SHARES, LIFE_SHARES, Shares, targets_of, weights_of

_SPAM = ATTRIBUTES.index(Attribute.SPAM)
_SEED = 7
# Of each template so many fillings: what the words add up to changes little with more.
_FILLINGS = 6
_CLEAN, _GUILTY = 2.0, 0.6


def main(arguments: Sequence[str] | None = None) -> None:
    """Train on ``--data`` and write the weights file into ``--out``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--soft", type=Path, help="soft labels that training.soft wrote")
    parser.add_argument("--epochs", type=int, default=Schedule().epochs)
    options = parser.parse_args(arguments)
    soft = read_soft(options.soft) if options.soft else []
    beside = [*soft, *_templates(), *read_beside(options.data)]
    weights = train(read_rows(options.data), Schedule(epochs=options.epochs), beside)
    write(options.out / SHIPPED.name, weights)


def _templates() -> list[Row]:
    """Return the project's templates, the clean ones at more than three times the weight.

    At the same weight what names a group becomes a sign of guilt: of held-back clean mentions
    in French 24% are flagged by the words alone, so 13%, without templates 12%.
    """
    return [
        replace(row, weight=_GUILTY if row.targets[Attribute.TOXICITY] >= 0.5 else _CLEAN)
        for row in teaching(_SEED, _FILLINGS)
    ]


def train(rows: Sequence[Row], schedule: Schedule, beside: Sequence[Row] = ()) -> Weights:
    """Return weights fitted and calibrated on ``rows``, without those kept for judging.

    ``beside`` are templates, posts read since and rows labelled by the encoder; they train,
    but for those that resemble a row kept.
    """
    texts = [Text.of(row.text) for row in rows]
    fold = folds(rows, texts)
    parameters = fitted(*rows_that_teach(rows, texts, fold, beside), schedule)
    return _calibrated(_raw(parameters), rows, texts, np.flatnonzero(fold == CALIBRATED))


def fitted(rows: Sequence[Row], texts: Sequence[Text], schedule: Schedule) -> Parameters:
    """Return parameters fitted to all of ``rows``: tone by Adam, spam to the minimum."""
    targets, weights = _lesson(rows, LESSON_SHARES)
    design = Design.of(texts)
    parameters = fit(design, targets, weights / weights[weights > 0].mean(), schedule)
    parameters.table[:, _SPAM], parameters.dense[:, _SPAM] = fit_alone(
        design, targets[:, _SPAM], weights[:, _SPAM]
    )
    return parameters


def _raw(parameters: Parameters) -> Weights:
    """Return the weights as they ship, before calibration."""
    table, scales = quantised(parameters.table)
    measures = len(DENSE)
    dense, biases = parameters.dense[:measures], parameters.dense[measures]
    return Weights(table, scales, dense, biases, {ANY_LANGUAGE: straight()})


def _calibrated(
    raw: Weights, rows: Sequence[Row], texts: Sequence[Text], chosen: NDArray[np.int64]
) -> Weights:
    """Return ``raw`` with curves fitted to what it makes of sentences it has not seen."""
    kept = [i for i in chosen if rows[i].source not in WORD_SOURCES]
    targets, weights = _lesson([rows[i] for i in kept], LIFE_SHARES)
    log_odds = LinearModel(raw).log_odds([texts[i] for i in kept])
    calibration = curves(log_odds, targets, weights, [rows[i].lang for i in kept])
    return replace(raw, calibration=calibration)


def _lesson(rows: Sequence[Row], shares: Shares) -> tuple[Floats, Floats]:
    """Return the targets, 0 where unknown, and their weights."""
    targets = targets_of(rows)
    return np.nan_to_num(targets), weights_of(rows, targets, shares)


if __name__ == "__main__":
    main()
