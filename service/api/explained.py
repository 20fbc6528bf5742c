"""Which words moved one comment's scores, for the moderator who asks: never on a comment's way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from service.api.services import services
from service.moderation.comment import Case
from service.moderation.explain import Influence, explanations
from service.moderation.models.weights import ModelBroken
from service.moderation.signal import Attribute
from service.store.records import Record

LONGEST_CHARS = 2_000
"""How much of a comment is read, which bounds what is computed: about a second."""
MOST_ATTRIBUTES = 4


@dataclass(frozen=True, slots=True)
class Explained:
    """Hold the text as far as it was read, and what moved each attribute's score.

    The attribute with the highest score comes first (``service.moderation.explain``).
    """

    content: str
    told: Mapping[Attribute, Sequence[Influence]]


def explained(record: Record) -> Explained | None:
    """Return which words moved the scores of a comment, judged anew by the judge's own models.

    None where these cannot be loaded.
    """
    content = record.comment.content[:LONGEST_CHARS]
    if not content:
        return Explained("", {})
    try:
        models = services().models()
    except ModelBroken:
        return None
    told = explanations(models, Case(replace(record.comment, content=content)))
    return Explained(content, dict(islice(told.items(), MOST_ATTRIBUTES)))
