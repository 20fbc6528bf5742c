"""Fitting one attribute alone to the minimum, by L-BFGS: for labels that are few.

Adam steps as far for a rare feature as for a common one and so learns the rare ones by
heart. With a hundred thousand labels that does no harm, and it ranks tone a little
better; spam has two thousand. On YouTube videos left out of training, in turn, spam is
ranked with a ROC AUC of 0.93 by Adam and 0.97 by this, on unseen blocks of written
English spam 0.95 and 0.99 (``training.evaluation.spam``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from service.moderation.models.features import ROWS
from service.moderation.models.weights import Floats
from training.fit import Design

Values = NDArray[np.float64]

_DECAY = 1e-5
# The few dense measures and the bias are hardly pulled to 0: every text has them.
_DENSE_DECAY = 1e-7
_STEPS = 60


def fit_alone(design: Design, targets: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the column of the table, (rows,), and of the dense weights for one attribute.

    ``targets`` and ``weights`` are (n,); a weight of 0 leaves a text out.
    """
    chosen = np.flatnonzero(weights > 0)
    part = design.part(chosen)
    present = np.flatnonzero(np.bincount(part.sparse.indices, minlength=ROWS))
    problem = _Problem.of(part, present, targets[chosen], weights[chosen])
    found = minimize(
        problem.loss,
        np.zeros(len(problem.decay)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _STEPS, "maxcor": 6, "ftol": 1e-7, "gtol": 1e-9},
    )
    table = np.zeros(ROWS, np.float32)
    table[present] = found.x[: len(present)]
    return table, found.x[len(present) :].astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Problem:
    """Hold the weighted log loss of n texts over the features that they have."""

    sparse: csr_matrix
    dense: Floats
    targets: Values
    weights: Values
    decay: Values

    @classmethod
    def of(
        cls, design: Design, present: NDArray[np.intp], targets: Floats, weights: Floats
    ) -> _Problem:
        numbers = np.full(ROWS, -1, np.int32)
        numbers[present] = np.arange(len(present))
        given = design.sparse
        sparse = csr_matrix(
            (given.data, numbers[given.indices], given.indptr), (len(targets), len(present))
        )
        decay = np.full(len(present) + design.dense.shape[1], _DECAY)
        decay[len(present) :] = _DENSE_DECAY
        shares = weights.astype(float) / float(weights.sum())
        return cls(sparse, design.dense, targets.astype(float), shares, decay)

    def loss(self, parameters: Values) -> tuple[float, Any]:
        """Return the loss at ``parameters`` and its gradient."""
        values = parameters.astype(np.float32)
        width = self.sparse.shape[1]
        log_odds = (self.sparse @ values[:width] + self.dense @ values[width:]).astype(float)
        losses = np.logaddexp(0, log_odds) - self.targets * log_odds
        pull = float((self.decay * parameters**2).sum() / 2)
        odds = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
        errors = (self.weights * (odds - self.targets)).astype(np.float32)
        gradient = np.concatenate([self.sparse.T @ errors, self.dense.T @ errors])
        return float((self.weights * losses).sum()) + pull, gradient + self.decay * parameters
