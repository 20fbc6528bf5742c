"""Readers' reports of approved comments: enough of them send a comment back to the queue.

Each is weighed by what moderators made of the reporter's earlier ones. They stand in the
comment's own hash, so that every script that moves it can judge them (transition.lua).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.moderation.verdict import Action, Verdict
from service.store.comments import (
    Comments,
    CommentUnknown,
    RateLimited,
    allowances_from,
    transition_keys,
)
from service.store.keys import SiteKeys
from service.store.networks import network_of
from service.store.records import Record, verdict_json
from service.store.reported import Report, ReportReason
from service.store.scripts import Argument, script
from service.store.sealing import Vault
from service.store.server.connection import Client
from service.store.sites import Limit

RULE = "reported"
"""The rule that holds a comment readers reported."""
MOST_KEPT = 100
"""Reports kept of one comment; what comes beyond is counted."""
TRIES = 4
LIMITS: Mapping[str, Limit] = {"ip": Limit(10, 600), "site": Limit(600, 60)}
"""How many one reader may report, and a site's readers together."""


class ReportsLimited(RateLimited):
    """Say that too many reports came in a short time."""


@dataclass(frozen=True, slots=True)
class Reporting:
    """Hold one report at the door; ``who`` is the keyed hash of a reader.

    ``limited`` is the keyed hash whose reports the limit for one reader counts.
    """

    who: str
    limited: str
    reason: ReportReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reception:
    """Answer a report: whether this reader had reported it, and whether it is held now."""

    is_known: bool
    is_held: bool = False


class Reports:
    """Keep what readers report."""

    def __init__(self, client: Client, vault: Vault, comments: Comments) -> None:
        self._client = client
        self._vault = vault
        self._comments = comments
        self._report = script("clock", "rate", "outbox", "transition", "trail", "report")

    def reporter(self, ip: str, reporter_id: str = "") -> str:
        """Return the keyed hash a reader is known by, or nothing; the site's own id goes first."""
        if reporter_id:
            return self._vault.lookup("reporter", reporter_id)
        return self._vault.lookup("reporter ip", network_of(ip))

    def add(
        self, site: str, comment_id: str, reporting: Reporting, hold_at: float, now_ms: int
    ) -> Reception:
        """Keep a report of an approved comment, once for each reader.

        From open reports weighing ``hold_at`` on the comment is held; 0 is never. Raises
        ``CommentUnknown`` for any comment that is not approved, and ``ReportsLimited``.
        """
        for _ in range(TRIES):
            record = self._comments.get(site, comment_id)
            answer = self._add(record, reporting, hold_at, now_ms)
            if answer[0] == b"limited":
                raise ReportsLimited(allowances_from(answer[1], tuple(LIMITS), LIMITS))
            if answer[0] == b"known":
                return Reception(is_known=True)
            if answer[0] == b"kept":
                return Reception(is_known=False, is_held=bool(answer[1]))
            if answer[0] == b"unknown":
                break
        raise CommentUnknown(comment_id)

    def of(self, record: Record) -> tuple[Report, ...]:
        """Return the reports kept of a comment, oldest first, with their notes."""
        key = SiteKeys(record.comment.site).report_notes(record.comment.id)
        found: Any = self._client.hgetall(key)
        notes = {who.decode(): note.decode() for who, note in found.items()}
        return tuple(
            replace(each, note=notes.get(each.reporter, ""))
            for each in record.voices.reported.reports
        )

    def _add(self, record: Record, reporting: Reporting, hold_at: float, now_ms: int) -> list[Any]:
        keys = SiteKeys(record.comment.site)
        names = [
            *transition_keys(keys.site, [record]),
            keys.report_notes(record.comment.id),
            keys.trail(record.comment.id),
            keys.rate("report-ip", reporting.limited),
            keys.rate("report-site", "all"),
        ]
        arguments: list[Argument] = [
            record.comment.id,
            reporting.who,
            reporting.reason,
            reporting.note,
            now_ms,
            hold_at,
            MOST_KEPT,
            record.revision,
            verdict_json(_held(record.verdict)),
        ]
        for limit in LIMITS.values():
            arguments += [limit.burst, limit.window_s * 1000]
        found: list[Any] = self._report(self._client, names, arguments)
        return found


def _held(verdict: Verdict | None) -> Verdict:
    """Return a verdict that readers overturned, with all that was found before."""
    before = verdict or Verdict(Action.HOLD, RULE)
    return replace(before, action=Action.HOLD, rule=RULE, attribute=None, threshold=None)
