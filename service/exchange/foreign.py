"""A comment as a file of another system holds it, and what stands for one that cannot be had."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from service.moderation.verdict import Status


class FileUnreadable(ValueError):
    """Say why a file, or what follows in it, cannot be read."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold what only our own lines tell of a comment. Times are in ms since the epoch.

    ``verdict`` and ``decision`` are JSON as the store has it, proven; empty for none.
    """

    received_at_ms: int
    settled_at_ms: int
    verdict: str
    decision: str
    original: str
    edited_by: str
    is_erased: bool


@dataclass(frozen=True, slots=True)
class Foreign:
    """Hold one comment from elsewhere, as it stood there: nothing of it is proven yet.

    ``key`` names it among all comments of the world that a site may import, and stays the
    same whenever it is read; ``parent`` is such a key. ``page`` is an address, or a path of
    the site's. ``is_label`` says that ``status`` is what a person, or the system with a
    person's consent, decided for good: something to learn from. ``is_correction``: that a
    moderator put a machine right.
    """

    key: str
    page: str
    status: Status
    content: str
    at_ms: int
    author: str = ""
    email: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""
    referrer: str = ""
    lang: str = ""
    page_title: str = ""
    author_id: str = ""
    parent: str = ""
    is_staff: bool = False
    is_label: bool = False
    is_correction: bool = False
    kept: Kept | None = None

    def packed(self) -> bytes:
        """Return the comment as JSON, to be read again later in the same import."""
        return orjson.dumps(self)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Hold what is left out, by its key, and why: one of a few sentences."""

    key: str
    reason: str


Found = Foreign | Skipped


def unpacked(data: bytes) -> Foreign:
    """Return what ``Foreign.packed`` wrote."""
    told = orjson.loads(data)
    kept = Kept(**told["kept"]) if told["kept"] else None
    return Foreign(**{**told, "status": Status(told["status"]), "kept": kept})


NO_PAGE = "it does not say on which page it stands"
NO_TIME = "it has no time"
NO_TEXT = "it has no text"
UNREADABLE = "it cannot be read"
PINGBACK = "a pingback or a trackback"
NOT_COMMENT = "no reader's comment"
POST_GONE = "its post is in the bin"
