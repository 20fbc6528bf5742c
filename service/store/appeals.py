"""Authors' appeals against refusals: once, and answered by somebody other than who refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from service.moderation.verdict import Status
from service.store.comments import Comments, CommentUnknown, transition_keys
from service.store.decisions import Decisions, Order, Outcome
from service.store.keys import SiteKeys
from service.store.paging import Order as PageOrder
from service.store.paging import slice_of
from service.store.records import Record
from service.store.reported import AppealOutcome
from service.store.scripts import script
from service.store.server.connection import Client

APPEAL_DAYS = 14
APPEAL_WINDOW_MS = APPEAL_DAYS * 86_400_000
REASON = "Appeal granted"


class AppealRefused(Exception):
    """Say that a comment cannot be appealed for; ``why`` is a word of appeal.lua."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class AppealUnknown(Exception):
    """Say that the comment has no open appeal."""


class OwnRefusal(Exception):
    """Say that an appeal is for somebody other than who refused the comment."""


class AppealChanged(Exception):
    """Say that the comment changed while its appeal was being answered."""


@dataclass(frozen=True, slots=True)
class OpenAppeals:
    """Hold some comments with open appeals, how many there are in all, and the place after them."""

    records: tuple[Record, ...]
    total: int
    cursor: str


@dataclass(frozen=True, slots=True)
class Overturns:
    """Count appeals: filed, granted, upheld, and (granted, upheld) of each who refused."""

    filed: int = 0
    granted: int = 0
    upheld: int = 0
    by: dict[str, tuple[int, int]] = field(default_factory=dict)


class Appeals:
    """Keep authors' appeals."""

    def __init__(self, client: Client, comments: Comments, decisions: Decisions) -> None:
        self._client = client
        self._comments = comments
        self._decisions = decisions
        self._appeal = script("transition", "trail", "appeal")
        self._uphold = script("transition", "trail", "uphold")

    def file(self, record: Record, text: str, now_ms: int) -> None:
        """Appeal for a refused comment.

        Raises ``AppealRefused`` for one that is not refused, was for more than 14 days, or
        was appealed for before; ``CommentUnknown`` when it is gone.
        """
        answer = self._appeal(
            self._client,
            _keys_of(record),
            [record.comment.id, text, now_ms, now_ms - APPEAL_WINDOW_MS],
        ).decode()
        if answer == "unknown":
            raise CommentUnknown(record.comment.id)
        if answer != "appealed now":
            raise AppealRefused(answer)

    def open(self, site: str, limit: int, cursor: str = "") -> OpenAppeals:
        """Return comments whose authors wait for an answer, the longest waiting first.

        Raises ``CursorInvalid``.
        """
        key = SiteKeys(site).appeals
        found = slice_of(self._client, key, PageOrder.OLDEST, limit, cursor)
        total: Any = self._client.zcard(key)
        records = self._comments.get_many(site, found.ids)
        return OpenAppeals(tuple(records), int(total), found.cursor)

    def count(self, site: str) -> int:
        """Return how many appeals are open."""
        total: Any = self._client.zcard(SiteKeys(site).appeals)
        return int(total)

    def answer(
        self, record: Record, outcome: AppealOutcome, actor: str, now_ms: int, *, is_alone: bool
    ) -> None:
        """Grant an appeal, which approves the comment, or uphold the refusal.

        ``is_alone`` lets who refused answer, for want of anybody else; the audit log tells.
        Raises ``AppealUnknown``, ``OwnRefusal`` or ``AppealChanged``.
        """
        appeal = record.voices.appeal
        if appeal is None or appeal.outcome is not AppealOutcome.OPEN:
            raise AppealUnknown(record.comment.id)
        if appeal.refused_by == actor and not is_alone:
            raise OwnRefusal(record.comment.id)
        if outcome is AppealOutcome.GRANTED:
            is_done = self._grant(record, actor, now_ms)
        else:
            is_done = self._stand_by(record, actor, now_ms)
        if not is_done:
            raise AppealChanged(record.comment.id)

    def overturns(self, site: str) -> Overturns:
        """Return how appeals ended, and against whom they were."""
        found: Any = self._client.hgetall(SiteKeys(site).appeal_counts)
        counts = {name.decode(): int(value) for name, value in found.items()}
        names = {name.partition(":")[2] for name in counts if ":" in name}
        return Overturns(
            counts.get("filed", 0),
            counts.get("granted", 0),
            counts.get("upheld", 0),
            {
                name: (counts.get(f"granted:{name}", 0), counts.get(f"upheld:{name}", 0))
                for name in sorted(names)
            },
        )

    def _grant(self, record: Record, actor: str, now_ms: int) -> bool:
        """Approve the comment; the same script closes its appeal."""
        orders = [Order(record.comment.id, Status.APPROVED, record.version)]
        site = record.comment.site
        (result,) = self._decisions.decide(site, orders, actor, REASON, now_ms)
        return result.outcome is Outcome.DONE

    def _stand_by(self, record: Record, actor: str, now_ms: int) -> bool:
        arguments: list[Any] = [record.comment.id, record.version, actor, now_ms]
        return bool(self._uphold(self._client, _keys_of(record), arguments))


def _keys_of(record: Record) -> list[str]:
    site = SiteKeys(record.comment.site)
    return [*transition_keys(site.site, [record]), site.trail(record.comment.id)]
