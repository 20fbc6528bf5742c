"""Explanations as they leave: each word that moved a score, with its place and its amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from service.moderation.explain import Influence
from service.moderation.signal import Attribute


def influences(content: str, told: Mapping[Attribute, Sequence[Influence]]) -> list[dict[str, Any]]:
    """Return what moved the scores of ``content``, attribute by attribute, in the order given."""
    return [
        {
            "attribute": attribute.value,
            "stage": each.stage.value,
            "start": each.span.start,
            "end": each.span.end,
            "words": content[each.span.start : each.span.end],
            "amount": round(float(each.amount), 3),
        }
        for attribute, found in told.items()
        for each in found
    ]
