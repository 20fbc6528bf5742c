"""How common each trait is in ordinary text: what a campaign's words are held against.

The file beside this module has one byte per trait: ``-log(share) * STEPS``, where share is
that of texts with the trait, in the language in which it is commonest. It is made by
``python -m training.frequencies`` and holds no text.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning.traits import TRAITS, Rows

SHIPPED = Path(__file__).with_name("frequencies.bin")
STEPS = 22.0
"""Steps per unit of the natural logarithm: 255 of them reach down to one text in 100,000."""


@cache
def shares() -> NDArray[np.float64]:
    """Return, for each trait, the share of ordinary texts that have it, above 0 and at most 1.

    Raises ``OSError`` or ``ValueError`` when the file is missing or damaged.
    """
    steps = np.frombuffer(SHIPPED.read_bytes(), np.uint8)
    if len(steps) != TRAITS:
        raise ValueError("the table of frequencies is damaged")
    return np.asarray(np.exp(steps / -STEPS), np.float64)


def rarest(rows: Rows, count: int) -> Rows:
    """Return the ``count`` rarest of the traits, in ascending order."""
    if len(rows) <= count:
        return rows
    order = np.argsort(shares()[rows], kind="stable")[:count]
    return np.asarray(np.sort(rows[order]), np.uint16)


def packed(share: NDArray[np.float64]) -> bytes:
    """Return the file's content for the given shares."""
    steps = np.rint(-np.log(np.clip(share, 1e-12, 1.0)) * STEPS)
    return np.asarray(np.minimum(steps, 255), np.uint8).tobytes()
