"""Measures of scores against labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

Values = NDArray[np.float64]
_BINS = 10


def roc_auc(labels: NDArray[np.bool_], scores: Values) -> float:
    """Return the chance that a positive scores above a negative; nan with one class only."""
    return float(roc_auc_score(labels, scores)) if _has_both(labels) else float("nan")


def average_precision(labels: NDArray[np.bool_], scores: Values) -> float:
    """Return the area under the precision-recall steps; nan with one class only."""
    return float(average_precision_score(labels, scores)) if _has_both(labels) else float("nan")


def recall_at(labels: NDArray[np.bool_], scores: Values, false_positives: float) -> float:
    """Return the share of positives found when ``false_positives`` of negatives are too."""
    if not _has_both(labels):
        return float("nan")
    threshold = np.quantile(scores[~labels], 1 - false_positives)
    return float((scores[labels] > threshold).mean())


def share_above(scores: Values, threshold: float) -> float:
    """Return the share of ``scores`` at or above ``threshold``."""
    return float((scores >= threshold).mean()) if len(scores) else float("nan")


def calibration_error(targets: Values, scores: Values, weights: Values | None = None) -> float:
    """Return the expected calibration error over ten bins of equal width (Guo et al., 2017)."""
    weights = np.ones_like(scores) if weights is None else weights
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(bins, weights * (targets - scores), _BINS)
    return float(np.abs(gaps).sum() / weights.sum())


def _has_both(labels: NDArray[np.bool_]) -> bool:
    return bool(labels.any() and not labels.all())
