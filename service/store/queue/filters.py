"""What may be asked of the queue: filters that can be combined, and four orders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from service.moderation.signal import Attribute
from service.moderation.verdict import Status


class Sort(StrEnum):
    """Name the order of a listing; equals of severity or reach stand oldest first."""

    OLDEST = "oldest"
    NEWEST = "newest"
    SEVERITY = "severity"
    REACH = "reach"


@dataclass(frozen=True, slots=True)
class Filters:
    """Say which comments are wanted: those that fit everything that is set.

    ``lang`` is an ISO 639-1 code, or ``other`` for whatever the tone models have not
    learned. ``least`` and ``most``, 0..1, bound the score of ``attribute`` or, without
    one, the highest score. ``words`` must all stand in the content, the author's name or
    the page's title and path. ``after_ms`` (from then) and ``before_ms`` (until just
    before) bound the arrival; 0 is no bound.
    """

    status: Status = Status.HELD
    page: str = ""
    lang: str = ""
    attribute: Attribute | None = None
    least: float = 0.0
    most: float = 1.0
    author: str = ""
    words: str = ""
    is_reported: bool = False
    has_link: bool = False
    is_unscreened: bool = False
    after_ms: int = 0
    before_ms: int = 0

    @property
    def wanted(self) -> frozenset[str]:
        """Return the names of what is asked beside the status."""
        asked = {
            "page": self.page,
            "lang": self.lang,
            "score": self.least > 0 or self.most < 1,
            "author": self.author,
            "words": self.words.strip(),
            "reported": self.is_reported,
            "link": self.has_link,
            "unscreened": self.is_unscreened,
            "time": self.after_ms > 0 or self.before_ms > 0,
        }
        return frozenset(name for name, value in asked.items() if value)
