"""A number for every attribute: what checks found, else what the models make of the words.

A model's signal begins at a tenth: below that it has found nothing. Whoever puts texts in order
that are all harmless, or nearly, still wants to know which is the most harmless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.moderation.checks.spam.linear import WORDS_WEIGHT
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute


def graded(totals: Mapping[Attribute, float], numbers: Sequence[float]) -> dict[Attribute, float]:
    """Return ``totals``, and the models' own ``numbers`` (``ATTRIBUTES``) where there is none."""
    found = dict(totals)
    for attribute, number in zip(ATTRIBUTES, numbers, strict=True):
        if attribute not in found:
            found[attribute] = number * (WORDS_WEIGHT if attribute is Attribute.SPAM else 1.0)
    return found
