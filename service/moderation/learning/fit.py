"""Learning: from lessons, and what is ordinary on the site, to weights for every trait.

A pure function of its arguments: what is left out is unlearned without a trace, and what
is counted twice counts once. Traits are first scaled by how telling they are (log-ratios
of naive Bayes), then weighed by a logistic regression (Wang and Manning, ACL 2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning.frequencies import shares
from service.moderation.learning.lesson import Lesson
from service.moderation.learning.teaching import CHARGES
from service.moderation.learning.traits import TRAITS, Traits

MARGIN = 3.0
"""The log-odds to which a comment that speaks for itself is pushed: about 95 in 100."""
HALF_LIFE_S = 120 * 86_400
"""After four months a lesson weighs half."""
LEAST_DECAYED = 2.0**-6
"""Below this share of its weight a lesson is forgotten: after two years."""

# Chosen on words that the linear model misses, 20 of a site's 290 ordinary comments holding
# the word unnoticed. By `python -m training.learning`, on ten: 30 lessons find all of up to
# 100 others for each, and change none of 2,790 ordinary sentences (ARCHITECTURE.md, "Learning").
_PRIOR = 10.0
_DISCOUNT = 2.0
_ORDINARY_WEIGHT = 0.05
_RIDGE = 6.0
_STEPS = 60
_RATE = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Hold the texts a charge is learned from: lessons that speak of it, then ordinary ones.

    ``signs`` is 1 for guilt and -1 for innocence, ``weights`` how much each counts,
    ``margins`` how far from 0 its log-odds should come.
    """

    traits: Traits
    signs: Floats
    weights: Floats
    margins: Floats


def fit(lessons: Sequence[Lesson], ordinary: Traits, now_s: float) -> NDArray[np.float16]:
    """Return the weight of each trait for each charge, (``CHARGES``, ``TRAITS``).

    A text's log-odds of guilt, or of innocence where below 0, are the sum over its traits.
    ``ordinary`` are the traits of comments the site published without ado.
    """
    decay = [decayed(lesson, now_s) for lesson in lessons]
    rows = [_rows(lessons, ordinary, decay, charge) for charge in range(len(CHARGES))]
    tables = [_weights(item, _common(ordinary)) for item in rows]
    return np.stack(tables).astype(np.float16)


def decayed(lesson: Lesson, now_s: float) -> float:
    """Return what is left of a lesson's weight at its age, 0..1."""
    age_s = max(now_s - lesson.at_s, 0.0)
    return float(0.5 ** (age_s / HALF_LIFE_S))


def _rows(
    lessons: Sequence[Lesson], ordinary: Traits, decay: Sequence[float], charge: int
) -> _Rows:
    spoken = [index for index, item in enumerate(lessons) if item.teaching.guilt[charge]]
    taught = [lessons[index].teaching for index in spoken]
    guilt = np.array([item.guilt[charge] for item in taught], np.float64)
    weights = np.array([item.weights[charge] for item in taught]) * np.take(decay, spoken)
    suspicion = np.array([item.suspicion[charge] for item in taught])
    margins = MARGIN * np.where(guilt > 0, 1.0, suspicion)
    count = len(ordinary)
    return _Rows(
        Traits.joined([*(lessons[i].traits for i in spoken), *map(ordinary.of, range(count))]),
        np.append(guilt, np.full(count, -1.0)),
        np.append(weights, np.full(count, _ORDINARY_WEIGHT)),
        np.append(margins, np.zeros(count)),
    )


def _common(ordinary: Traits) -> Floats:
    """Return how common each trait is: in the language, or on the site if it is commoner there."""
    counts = np.bincount(ordinary.rows, minlength=TRAITS)
    return np.maximum(shares(), counts / (len(ordinary) + 10))


def _weights(rows: _Rows, common: Floats) -> Floats:
    """Return the weight of each trait, 0 where it tells nothing."""
    sides = [_telling(rows, rows.signs * rows.margins * sign > 0, common) for sign in (1, -1)]
    scales = np.maximum(*sides)
    return scales * _regression(rows, scales)


def _telling(rows: _Rows, chosen: NDArray[np.bool_], common: Floats) -> Floats:
    """Return by how much commoner each trait is in the chosen texts, in log units, at least 0.

    The shares are drawn towards the common one, and two texts' worth is taken off:
    what was met once or twice says nothing.
    """
    weights = np.where(chosen, rows.weights, 0.0)
    counts = np.bincount(rows.traits.rows, weights[rows.traits.owners()], minlength=TRAITS)
    shown = np.maximum(counts - _DISCOUNT, 0.0) + _PRIOR * common
    return np.asarray(np.maximum(np.log(shown / (weights.sum() + _PRIOR) / common), 0.0))


def _regression(rows: _Rows, scales: Floats) -> Floats:
    """Return the weights of the scaled traits by AdaGrad (Duchi et al., JMLR 2011) on all rows."""
    owners, values = rows.traits.owners(), scales[rows.traits.rows]
    used = np.flatnonzero(values)
    owners, values, columns = owners[used], values[used], rows.traits.rows[used]
    weights, squares = np.zeros(TRAITS), np.full(TRAITS, 1e-8)
    for _ in range(_STEPS):
        sums = np.bincount(owners, values * weights[columns], minlength=len(rows.signs))
        wrong = 1 / (1 + np.exp(np.clip(rows.signs * sums - rows.margins, -30, 30)))
        push = (rows.signs * wrong * rows.weights)[owners] * values
        slope = _RIDGE * weights - np.bincount(columns, push, minlength=TRAITS)
        squares += slope * slope
        weights -= _RATE * slope / np.sqrt(squares)
    return weights
