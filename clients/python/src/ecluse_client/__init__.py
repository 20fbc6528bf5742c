"""A client of Écluse, the self-hosted comment moderation service."""

from ecluse_client.answers import Decided, Held, OwnComment, PublicComment, Receipt, Suggestion
from ecluse_client.client import Ecluse
from ecluse_client.errors import (
    Conflict,
    EcluseError,
    Invalid,
    NotAllowed,
    NotFound,
    NoVerdict,
    Nudged,
    Refused,
    TooMany,
    Unavailable,
    Unreachable,
)

__all__ = [
    "Conflict",
    "Decided",
    "Ecluse",
    "EcluseError",
    "Held",
    "Invalid",
    "NoVerdict",
    "NotAllowed",
    "NotFound",
    "Nudged",
    "OwnComment",
    "PublicComment",
    "Receipt",
    "Refused",
    "Suggestion",
    "TooMany",
    "Unavailable",
    "Unreachable",
]
