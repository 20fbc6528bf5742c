"""What the service answers, as values; what a newer service adds is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Hold a field that looks like a slip, and what was probably meant."""

    field: str
    value: str
    message: str

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the suggestion in an answer."""
        return cls(**_known(cls, data))


@dataclass(frozen=True, slots=True)
class Receipt:
    """Hold the answer to a submission.

    ``status`` is ``received`` until the verdict is known; then approved, held, rejected or
    spam, with the ``reasons`` in plain words. ``edit_token`` shows the author to be the
    author; ``author_link`` is the path of their own page.
    """

    id: str
    status: str
    message: str
    edit_token: str
    reasons: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    author_link: str

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the receipt in an answer."""
        return cls(
            id=data["id"],
            status=data["status"],
            message=data.get("message", ""),
            edit_token=data.get("edit_token", ""),
            reasons=tuple(data.get("reasons") or ()),
            suggestions=tuple(map(Suggestion.of, data.get("suggestions") or ())),
            author_link=(data.get("links") or {}).get("author", ""),
        )


@dataclass(frozen=True, slots=True)
class OwnComment:
    """Hold a comment as its author sees it; times are ISO 8601."""

    id: str
    status: str
    message: str
    reasons: tuple[str, ...]
    author: str
    url: str
    content: str
    page: str
    submitted_at: str
    editable_until: str
    is_erased: bool = False

    @property
    def is_judged(self) -> bool:
        """Say whether the verdict is known."""
        return self.status != "received"

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the comment in an answer."""
        return cls(**{**_known(cls, data), "reasons": tuple(data.get("reasons") or ())})


@dataclass(frozen=True, slots=True)
class PublicComment:
    """Hold an approved comment, or the tombstone of one (``is_deleted``), with its replies.

    ``has_more_replies`` says that some are not among ``replies``.
    """

    id: str
    parent: str | None
    author: str | None
    url: str | None
    content: str | None
    lang: str | None
    is_staff: bool
    is_deleted: bool
    submitted_at: str
    replies: tuple[PublicComment, ...]
    has_more_replies: bool

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the comment in an answer."""
        return cls(
            id=data["id"],
            parent=data.get("parent"),
            author=data.get("author"),
            url=data.get("url"),
            content=data.get("content"),
            lang=data.get("lang"),
            is_staff=bool(data.get("is_staff")),
            is_deleted=bool(data.get("is_deleted")),
            submitted_at=data.get("submitted_at", ""),
            replies=tuple(PublicComment.of(each) for each in data.get("replies") or ()),
            has_more_replies=bool(data.get("more_replies")),
        )


@dataclass(frozen=True, slots=True)
class Held:
    """Hold a comment as a moderator sees it; ``scores`` are 0..1, by attribute.

    ``version`` goes with a decision that only counts if nobody was faster.
    """

    id: str
    site: str
    status: str
    version: int
    page: str
    page_title: str
    parent: str | None
    author: str
    author_key: str
    email: str
    ip: str
    url: str
    content: str
    lang: str
    submitted_at: str
    received_at: str
    reasons: tuple[str, ...]
    rule: str | None
    scores: Mapping[str, float]
    unscreened: tuple[str, ...]

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the comment in an answer."""
        listed = {name: tuple(data.get(name) or ()) for name in ("reasons", "unscreened")}
        return cls(**{**_known(cls, data), **listed})


@dataclass(frozen=True, slots=True)
class Decided:
    """Hold what became of a decision.

    ``outcome`` is ``done``, ``nothing`` (it stood so already), ``stale`` (somebody was
    faster), ``unknown``, ``unsettled`` or ``withdrawn``.
    """

    id: str
    outcome: str
    status: str | None
    version: int

    @property
    def is_done(self) -> bool:
        """Say whether the comment now stands as was decided."""
        return self.outcome == "done"

    @classmethod
    def of(cls, data: Json) -> Self:
        """Return the result in an answer."""
        return cls(**_known(cls, data))


def _known(kind: Any, data: Json) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
