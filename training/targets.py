"""Targets as arrays, weighted so that neither a language nor a big source decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from service.moderation.models.weights import ATTRIBUTES, Floats
from service.moderation.signal import Attribute
from training.rows import Row

A = Attribute
Shares = Mapping[Attribute, float]

# In each language, this much of an attribute's weight lies on texts that have it.
LESSON_SHARES: Shares = dict.fromkeys(A, 0.35)
# What a site without an account wall may expect among its comments: no measured rates,
# but the order of size that newspapers report. A probability means what it says there.
LIFE_SHARES: Shares = {
    A.SPAM: 0.35,
    A.TOXICITY: 0.25,
    A.SEVERE_TOXICITY: 0.04,
    A.INSULT: 0.2,
    A.THREAT: 0.04,
    A.IDENTITY_ATTACK: 0.1,
    A.PROFANITY: 0.2,
    A.SEXUALLY_EXPLICIT: 0.04,
}
# No row's weight is raised further than this to reach that share.
_MOST = 4.0


def targets_of(rows: Sequence[Row]) -> Floats:
    """Return what the rows teach, (rows, attributes); nan where a row does not say."""
    return np.array(
        [[row.targets.get(attribute, np.nan) for attribute in ATTRIBUTES] for row in rows],
        np.float32,
    )


def weights_of(rows: Sequence[Row], targets: Floats, shares: Shares = LESSON_SHARES) -> Floats:
    """Return how much each target counts, (rows, attributes), 0 where it is unknown.

    In every language the positives of an attribute weigh the part that ``shares`` says.
    """
    trust = np.array([row.weight for row in rows], np.float32)
    weights = np.where(np.isnan(targets), 0, trust[:, None]).astype(np.float32)
    langs = np.array([row.lang for row in rows])
    for lang in np.unique(langs):
        for column, attribute in enumerate(ATTRIBUTES):
            here = (langs == lang) & (weights[:, column] > 0)
            weights[here, column] *= _balance(
                targets[here, column], weights[here, column], shares[attribute]
            )
    return weights


def _balance(targets: Floats, weights: Floats, share: float) -> Floats:
    """Return factors that bring the part of positive weight to ``share``."""
    positive = float((targets * weights).sum())
    negative = float(((1 - targets) * weights).sum())
    total = positive + negative
    up = _factor(share * total, positive)
    down = _factor((1 - share) * total, negative)
    return np.asarray(targets * up + (1 - targets) * down, np.float32)


def _factor(wanted: float, given: float) -> float:
    return min(_MOST, wanted / given) if given > 0 else 1.0
