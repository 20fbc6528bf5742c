"""Calibration: a logistic curve per language and attribute, fitted on rows that trained nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Floats

# A language with fewer positives than this takes the curve of all languages.
_MIN_POSITIVES = 40
# Pulls a slope towards 1 and an offset towards 0 where rows are few.
_PRIOR = 1.0

Curve = tuple[float, float]


def curves(
    log_odds: Floats, targets: Floats, weights: Floats, langs: Sequence[str]
) -> Mapping[str, Floats]:
    """Return per language (2, attributes): slopes and offsets of Platt's curve (1999).

    Rows are (n, attributes); a weight of 0 leaves a target out.
    """
    owners = np.array(langs)
    general = np.array(
        [
            _curve(log_odds[:, column], targets[:, column], weights[:, column])
            for column in range(len(ATTRIBUTES))
        ],
        np.float32,
    ).T
    tables = {ANY_LANGUAGE: general}
    for lang in sorted(set(langs)):
        table = _table(log_odds, targets, weights * (owners == lang)[:, None], general)
        if not np.array_equal(table, general):
            tables[lang] = table
    return tables


def straight() -> Floats:
    """Return the curves that change nothing but log-odds into probabilities."""
    width = len(ATTRIBUTES)
    return np.stack([np.ones(width), np.zeros(width)]).astype(np.float32)


def _table(log_odds: Floats, targets: Floats, weights: Floats, general: Floats) -> Floats:
    """Return ``general`` with the curves of one language where it has rows enough."""
    table = general.copy()
    for column in range(len(ATTRIBUTES)):
        rows = weights[:, column] > 0
        if (targets[rows, column] > 0.5).sum() >= _MIN_POSITIVES:
            table[:, column] = _curve(log_odds[:, column], targets[:, column], weights[:, column])
    return table


def _curve(log_odds: Floats, targets: Floats, weights: Floats) -> Curve:
    rows = weights > 0
    found = minimize(
        _loss,
        np.array([1.0, 0.0]),
        args=tuple(np.asarray(part[rows], np.float64) for part in (log_odds, targets, weights)),
        method="L-BFGS-B",
        bounds=[(0.05, 5.0), (-10.0, 10.0)],
    )
    return float(found.x[0]), float(found.x[1])


def _loss(
    curve: NDArray[np.float64],
    log_odds: NDArray[np.float64],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> float:
    logits = curve[0] * log_odds + curve[1]
    losses = np.logaddexp(0, logits) - targets * logits
    pull = (curve[0] - 1) ** 2 + curve[1] ** 2
    return float((weights * losses).sum() + _PRIOR * pull / 2)
