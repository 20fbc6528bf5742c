"""Explanations as they leave: each word that moved a score, with its place and its amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from service.moderation.explain import Influence
from service.moderation.signal import Attribute


class InfluenceSchema(Schema):
    """Describe how far some words moved one score in the eyes of one model."""

    attribute = fields.String()
    stage = fields.String(metadata={"description": "The model: `linear` or `encoder`."})
    start = fields.Integer(metadata={"description": "In `content`, in Unicode code points."})
    end = fields.Integer()
    words = fields.String()
    amount = fields.Float(
        metadata={"description": "In log-odds: above 0 the words raise the score."}
    )


class ExplanationSchema(Schema):
    """Describe which words moved a comment's scores, and how much of it was read."""

    id = fields.String()
    read = fields.Integer(metadata={"description": "Characters read, from the beginning."})
    explanation = fields.List(fields.Nested(InfluenceSchema))


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
