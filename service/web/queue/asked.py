"""Which comments a moderator asked for: the filters in the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from typing import Any
from urllib.parse import parse_qsl, urlencode

from marshmallow import EXCLUDE, Schema, fields, validate

from service.api.intake import load
from service.moderation.signal import Attribute
from service.moderation.verdict import Status
from service.schemas.staff import NO_SUCH_STATUS, NOT_SCORE
from service.schemas.submission import BODY_ERRORS
from service.schemas.text import Text
from service.store.facets import LANGUAGES
from service.store.queue.filters import Filters, Sort
from service.web.staff.guard import site_asked

DAY_MS = 86_400_000
AGES: Mapping[str, tuple[int, bool]] = {
    "hour": (3_600_000, False),
    "day": (DAY_MS, False),
    "week": (7 * DAY_MS, False),
    "over-day": (DAY_MS, True),
    "over-week": (7 * DAY_MS, True),
}
"""Names of ages: so many ms since the comment came, at most, or at least where true."""
STATUSES = (Status.HELD, Status.APPROVED, Status.REJECTED, Status.SPAM, Status.DELETED)
NO_SUCH_CHOICE = "This is not one of the choices."


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold what the page's address asks for; empty for no matter which."""

    site: str
    status: Status = Status.HELD
    sort: Sort = Sort.OLDEST
    page: str = ""
    language: str = ""
    attribute: Attribute | None = None
    least: float = 0.0
    most: float = 1.0
    author: str = ""
    words: str = ""
    age: str = ""
    reported: bool = False
    link: bool = False
    unscreened: bool = False

    def filters(self, now_ms: int) -> Filters:
        """Return what the store is asked."""
        distance_ms, is_older = AGES.get(self.age, (0, False))
        moment = now_ms - distance_ms if self.age else 0
        return Filters(
            status=self.status,
            page=self.page,
            lang=self.language,
            attribute=self.attribute,
            least=self.least,
            most=self.most,
            author=self.author,
            words=self.words,
            is_reported=self.reported,
            has_link=self.link,
            is_unscreened=self.unscreened,
            after_ms=0 if is_older else moment,
            before_ms=moment if is_older else 0,
        )

    @property
    def order(self) -> Sort:
        """Return the order of the list: what is not held has none but that of time."""
        is_timely = self.status is Status.HELD or self.sort in (Sort.OLDEST, Sort.NEWEST)
        return self.sort if is_timely else Sort.NEWEST

    def query(self, **changes: Any) -> str:
        """Return the address's query, with some filters changed; what is not asked is left out."""
        wanted = replace(self, **changes) if changes else self
        kept = {
            name: "yes" if value is True else value
            for name, value in _values(wanted).items()
            if name == "site" or value != _USUAL[name]
        }
        return urlencode(kept)

    @property
    def narrowing(self) -> int:
        """Return how many filters are set beside the site, the status and the order."""
        wanted = _values(self)
        return sum(wanted[name] != _USUAL[name] for name in _USUAL.keys() - _WHERE)


def _values(asked: Asked) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in _NAMES}


_NAMES = tuple(item.name for item in fields_of(Asked))
_USUAL = _values(Asked(""))
_WHERE = frozenset({"site", "status", "sort"})


class AskedSchema(Schema):
    """Describe the filters in a page's address."""

    class Meta:
        """Leave alone what other parts of the page read."""

        unknown = EXCLUDE

    error_messages = BODY_ERRORS

    site = fields.String(load_default="")
    status = fields.Enum(
        Status, by_value=True, load_default=Status.HELD, error_messages={"unknown": NO_SUCH_STATUS}
    )
    sort = fields.Enum(
        Sort, by_value=True, load_default=Sort.OLDEST, error_messages={"unknown": NO_SUCH_CHOICE}
    )
    page = Text(limit=2000, load_default="")
    language = fields.String(
        load_default="", validate=validate.OneOf(("", *LANGUAGES), error=NO_SUCH_CHOICE)
    )
    attribute = fields.Enum(
        Attribute, by_value=True, load_default=None, error_messages={"unknown": NO_SUCH_CHOICE}
    )
    least = fields.Float(
        load_default=0.0,
        validate=validate.Range(0, 1, error=NOT_SCORE),
        error_messages={"invalid": NOT_SCORE, "special": NOT_SCORE},
    )
    most = fields.Float(
        load_default=1.0,
        validate=validate.Range(0, 1, error=NOT_SCORE),
        error_messages={"invalid": NOT_SCORE, "special": NOT_SCORE},
    )
    author = Text(limit=100, load_default="")
    words = Text(limit=200, load_default="")
    age = fields.String(load_default="", validate=validate.OneOf(("", *AGES), error=NO_SUCH_CHOICE))
    reported = fields.Boolean(load_default=False)
    link = fields.Boolean(load_default=False)
    unscreened = fields.Boolean(load_default=False)


def asked_for(arguments: Mapping[str, str]) -> Asked:
    """Return what an address asks for, on a site of the account's.

    Raises ``ValidationError``, or ``Problem`` 404 for a site that is not the account's.
    """
    given = {name: value for name, value in arguments.items() if value != ""}
    wanted = load(AskedSchema(), given)
    wanted["site"] = site_asked(wanted["site"])
    return Asked(**wanted)


def asked_in(query: str) -> Asked:
    """Return what the query of an address asks for, as a form carries it."""
    return asked_for(dict(parse_qsl(query[:4000])))
