"""Targets as arrays, weighted so that neither a language nor a big source decides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.weights import ATTRIBUTES, Floats
from service.moderation.signal import Attribute
from training.rows import Row

# In each language, this much of an attribute's weight lies on texts that have it.
_POSITIVE_SHARE = 0.35
# No row's weight is raised further than this to reach that share.
_MOST = 4.0


def targets_of(rows: Sequence[Row]) -> Floats:
    """Return what the rows teach, (rows, attributes); nan where a row does not say."""
    return np.array(
        [[row.targets.get(attribute, np.nan) for attribute in ATTRIBUTES] for row in rows],
        np.float32,
    )


def weights_of(rows: Sequence[Row], targets: Floats) -> Floats:
    """Return how much each target counts, (rows, attributes), 0 where it is unknown."""
    trust = np.array([row.weight for row in rows], np.float32)
    weights = np.where(np.isnan(targets), 0, trust[:, None]).astype(np.float32)
    langs = np.array([row.lang for row in rows])
    for lang in np.unique(langs):
        for column in range(len(ATTRIBUTES)):
            here = (langs == lang) & (weights[:, column] > 0)
            weights[here, column] *= _balance(targets[here, column], weights[here, column])
    return weights


def _balance(targets: Floats, weights: Floats) -> Floats:
    """Return factors that bring the share of positive weight to ``_POSITIVE_SHARE``."""
    positive = float((targets * weights).sum())
    negative = float(((1 - targets) * weights).sum())
    total = positive + negative
    up = _factor(_POSITIVE_SHARE * total, positive)
    down = _factor((1 - _POSITIVE_SHARE) * total, negative)
    return np.asarray(targets * up + (1 - targets) * down, np.float32)


def _factor(wanted: float, given: float) -> float:
    return min(_MOST, wanted / given) if given > 0 else 1.0


def known(targets: Floats, attribute: Attribute) -> NDArray[np.bool_]:
    """Return which rows say anything of ``attribute``."""
    return np.asarray(~np.isnan(targets[:, ATTRIBUTES.index(attribute)]))
