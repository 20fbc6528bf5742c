"""Make the weights: ``python -m training.train --data FOLDER --out FOLDER``.

Seeded: the same data give the same bytes. About two minutes on one core.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.features import DENSE
from service.moderation.models.linear import SHIPPED
from service.moderation.models.weights import Floats, Weights, write
from service.moderation.text import Text
from training.calibrate import curves
from training.fit import Design, Parameters, Schedule, fit, quantised
from training.rows import Row, read_rows
from training.split import CALIBRATED, JUDGED, folds
from training.targets import targets_of, weights_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Train on ``--data`` and write the weights file into ``--out``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    weights = train(read_rows(options.data), Schedule())
    write(options.out / SHIPPED.name, weights)


def train(rows: Sequence[Row], schedule: Schedule) -> Weights:
    """Return weights fitted and calibrated on ``rows``, without those kept for judging."""
    texts = [Text.of(row.text) for row in rows]
    fold = folds(rows, texts)
    parameters = _fitted(
        rows, texts, np.flatnonzero(~np.isin(fold, (JUDGED, CALIBRATED))), schedule
    )
    calibration = _calibrated(parameters, rows, texts, np.flatnonzero(fold == CALIBRATED))
    table, scales = quantised(parameters.table)
    measures = len(DENSE)
    return Weights(
        table, scales, parameters.dense[:measures], parameters.dense[measures], calibration
    )


def _fitted(
    rows: Sequence[Row], texts: Sequence[Text], chosen: NDArray[np.int64], schedule: Schedule
) -> Parameters:
    targets, weights = _lesson([rows[i] for i in chosen])
    design = Design.of([texts[i] for i in chosen])
    return fit(design, targets, weights / weights[weights > 0].mean(), schedule)


def _calibrated(
    parameters: Parameters, rows: Sequence[Row], texts: Sequence[Text], chosen: NDArray[np.int64]
) -> dict[str, Floats]:
    kept = [rows[i] for i in chosen]
    targets, weights = _lesson(kept)
    log_odds = Design.of([texts[i] for i in chosen]).log_odds(parameters)
    return dict(curves(log_odds, targets, weights, [row.lang for row in kept]))


def _lesson(rows: Sequence[Row]) -> tuple[Floats, Floats]:
    """Return the targets, 0 where unknown, and their weights."""
    targets = targets_of(rows)
    return np.nan_to_num(targets), weights_of(rows, targets)


if __name__ == "__main__":
    main()
