"""Comments judged at a door, in the web process: what judging asks of the site, what is kept.

A comment that is kept stands in the queue like any other, but in no public thread: the site
shows it itself. Two round trips serve one call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.moderation.batch import Recent
from service.moderation.verdict import Verdict
from service.store.comments import (
    DIMENSIONS,
    Arrival,
    Comments,
    comment_keys,
    transition_keys,
)
from service.store.doors.door_counts import ALL, month_and_day
from service.store.doors.door_counts import KEPT_S as MONTH_KEPT_S
from service.store.doors.door_keys import Door
from service.store.facets import facets_of
from service.store.keys import SiteKeys, page_key
from service.store.records import content_json, facts_json, verdict_json
from service.store.scripts import Argument, script
from service.store.sealing import Personal, Vault
from service.store.server.connection import Client
from service.store.server.line import Line
from service.store.sites import Limit
from service.store.window import is_needed, recent_from

WATCHED = DIMENSIONS[:2]
"""The limits whose pressure a check weighs; those of a site or page refuse nothing here."""
SEEN_S = 86_400
"""How long a comment that is not kept is known again."""
KEPT_SEEN_S = 30 * 86_400
"""How long one that is kept is; blogs are moderated within weeks."""


@dataclass(frozen=True, slots=True)
class Glance:
    """Hold what the site knows as a comment comes to a door.

    ``seen`` names the comment that the same words by the same author made before, if one did.
    Pressures are 0..1.
    """

    seen: str
    approved_before: int
    refused_before: int
    is_trusted: bool
    layer_edition: int
    ip_pressure: float
    email_pressure: float
    recent: Recent


@dataclass(frozen=True, slots=True)
class Callback:
    """Hold where results are posted, showing which key, and what the caller was told first.

    ``told`` is ``true``, ``false``, or empty while the caller waits.
    """

    url: str
    key_id: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Keepsake:
    """Hold a comment as it was judged at a door; ``origin`` names the door.

    ``identity`` is what it is known by when it comes again, ``line`` its line in the site's
    window, empty for one that stands there already. ``counted`` names what is counted.
    """

    arrival: Arrival
    verdict: Verdict
    identity: str
    origin: Door
    line: bytes = b""
    is_stored: bool = False
    callback: Callback | None = None
    counted: tuple[str, ...] = ()


class AtDoor:
    """Look at sites, and keep what was judged, in a round trip each."""

    def __init__(self, client: Client, vault: Vault, comments: Comments, *, window: int) -> None:
        self._client = client
        self._vault = vault
        self._comments = comments
        self._window = window
        self._line = Line(client)
        self._glance = script("clock", "rate", "doors/glance")
        self._keep = script("clock", "outbox", "transition", "doors/keep")

    def glance(
        self,
        site: str,
        author_key: str,
        personal: Personal,
        identity: str,
        limits: Mapping[str, Limit],
        *,
        is_test: bool = False,
    ) -> Glance:
        """Return what judging a comment asks; but for a test, it counts as an arrival."""
        keys = SiteKeys(site)
        traces = self._traces(personal)
        whose = dict(zip(WATCHED, traces, strict=True))
        limited = [name for name in WATCHED if whose[name] and name in limits]
        names = [
            keys.recent,
            keys.author(author_key) if author_key else keys.recent,
            keys.trusted,
            keys.layer,
            self._seen(keys, identity),
            *(keys.rate(name, whose[name]) for name in limited),
        ]
        arguments: list[Argument] = [int(is_test), author_key, self._window]
        for name in limited:
            arguments += [limits[name].burst, limits[name].window_s * 1000]
        found = self._glance.over(self._line, names, arguments)
        seen, approved, refused, is_trusted, edition, report, pressures, lines = found
        pressed = dict(zip(limited, _pressures(report, pressures), strict=False))
        return Glance(
            seen=seen.decode(),
            approved_before=max(int(approved), 0),
            refused_before=max(int(refused), 0),
            is_trusted=bool(is_trusted),
            layer_edition=int(edition),
            ip_pressure=pressed.get("ip", 0.0),
            email_pressure=pressed.get("email", 0.0),
            recent=recent_from(lines) if lines else Recent(),
        )

    def seen(self, site: str, identity: str) -> str:
        """Return the comment that was known by ``identity``, or nothing."""
        found: Any = self._client.get(self._seen(SiteKeys(site), identity))
        return found.decode() if found else ""

    def keep(self, kept: Keepsake, now_s: float) -> bool:
        """Keep a comment's trace, and the comment itself where it is stored; count it for today.

        Returns whether a comment was added. Raises ``NotOnDisk``.
        """
        comment = kept.arrival.comment
        keys, author = SiteKeys(comment.site), kept.arrival.facts.author_key
        month, day = month_and_day(now_s)
        names = [
            *transition_keys(comment.site, []),
            *comment_keys(keys, comment.id, "", page_key(comment.page), "", author),
            self._seen(keys, kept.identity),
            keys.door_counts(kept.origin, month),
            keys.door_counts(kept.origin, ALL),
        ]
        line = kept.line if is_needed(kept.line, 0) else b""
        arguments: list[Argument] = [
            comment.id,
            int(kept.is_stored),
            self._window,
            line,
            KEPT_SEEN_S if kept.is_stored else SEEN_S,
            day,
            " ".join(kept.counted),
            MONTH_KEPT_S,
        ]
        if not kept.is_stored:
            self._keep.over(self._line, names, arguments)
            return False
        arguments += self._stored(kept, author)
        return bool(self._comments.durably(self._keep, names, arguments))

    def note_told(self, site: str, comment_id: str, told: str) -> None:
        """Note that the caller knows a result, having said it itself."""
        self._client.hset(SiteKeys(site).comment(comment_id), "told", told)

    def _stored(self, kept: Keepsake, author: str) -> list[Argument]:
        comment, personal = kept.arrival.comment, kept.arrival.personal
        traces = self._traces(personal)
        callback = kept.callback or Callback("", "")
        return [
            content_json(comment),
            facts_json(kept.arrival.facts, ()),
            self._vault.seal(personal, comment.id),
            traces[1],
            traces[0],
            author,
            page_key(comment.page),
            comment.page,
            comment.page_title,
            round(comment.submitted_at * 1000) if comment.submitted_at else "",
            kept.verdict.status,
            verdict_json(kept.verdict),
            int(bool(kept.verdict.unscreened)),
            facets_of(comment, kept.verdict, author),
            kept.origin,
            callback.url,
            callback.key_id,
            callback.told,
        ]

    def _seen(self, keys: SiteKeys, identity: str) -> str:
        return keys.idempotency(self._vault.lookup("seen at a door", identity))

    def _traces(self, personal: Personal) -> tuple[str, str]:
        """Return the keyed hashes of the IP address and the e-mail address."""
        lookup = self._vault.lookup
        return lookup("ip", personal.ip), lookup("email", personal.email.lower())


def _pressures(report: Sequence[Sequence[int]], exact: Sequence[bytes]) -> list[float]:
    """Return how full each limit is; where one is used up, the others count as calm."""
    if exact:
        return [float(each) for each in exact]
    return [1.0 if retry_ms > 0 else 0.0 for _, retry_ms in report]
