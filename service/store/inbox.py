"""A site's inbox: accepted comments on their way through a worker, at least once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from redis.exceptions import ResponseError

from service.moderation.batch import Recent
from service.moderation.comment import Case, Comment, Facts
from service.moderation.verdict import Action, Verdict
from service.store.comments import BELL_TTL_MS, comment_keys, transition_keys
from service.store.elsewhere import Elsewhere
from service.store.facets import facets_of, stored_facets
from service.store.inbox_group import GROUP, make_group
from service.store.keys import SiteKeys
from service.store.recalls import Recalls
from service.store.records import case_from, verdict_json
from service.store.scripts import Argument, script
from service.store.server.condition import write_probe
from service.store.server.connection import Client
from service.store.trials import DIFFERING_KEPT
from service.store.webhooks.outbox import Outbox
from service.store.window import is_needed, recent_from

SETTLE_CHUNK = 64
"""Comments per settling script: 64 keep the server under about 3 ms (ARCHITECTURE.md)."""

HANDED_BACK_AT_ONCE = 4096
"""More than any worker holds: one batch, and what it took over."""
HANDED_BACK_IDLE_MS = 86_400_000
"""How long an entry handed back seems to have lain: longer than any ``claim_idle_s``."""
DIED = "worker died or timed out"
"""Why a comment is set aside that no worker survived."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one inbox entry: which comment, at which revision, and the trace it belongs to."""

    id: str
    comment_id: str
    revision: int
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Stale:
    """Hold an entry that some worker took and did not settle, and how often it was begun.

    Not once, where a worker handed it back.
    """

    entry_id: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Pending:
    """Hold an entry with its case, ready for review, and where its comment stands."""

    entry: Entry
    case: Case
    page_key: str
    root: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """Hold one verdict to settle.

    ``seen`` is the comment's line in the duplicate window; ``copies`` names the site's
    earlier comments that it shows to be part of a campaign: approved ones are to be taken
    back. ``times`` counts the campaign's copies on all sites. ``trial`` is what the policy on
    trial makes of the comment, where there is one.
    """

    pending: Pending
    verdict: Verdict
    seen: bytes = b""
    copies: tuple[str, ...] = ()
    times: int = 0
    trial: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Hold how many comments wait for their check, and when the oldest came (ms), or None."""

    count: int
    oldest_ms: int | None

    def age_s(self, now_s: float) -> float:
        """Return how long the oldest has waited."""
        return 0.0 if self.oldest_ms is None else now_s - self.oldest_ms / 1000


def waits(client: Client, sites: Sequence[str]) -> list[Wait]:
    """Return what waits on each site, in one round trip."""
    pipe = client.pipeline(transaction=False)
    for site in sites:
        pipe.xlen(SiteKeys(site).inbox)
        pipe.xrange(SiteKeys(site).inbox, count=1)
    answers = pipe.execute() if sites else []
    return [
        Wait(int(count), int(oldest[0][0].split(b"-")[0]) if oldest else None)
        for count, oldest in zip(answers[::2], answers[1::2], strict=True)
    ]


class Inbox:
    """Take comments from the sites' inboxes and settle them."""

    def __init__(
        self, client: Client, *, duplicate_window: int = 1000, sites_window: int = 0
    ) -> None:
        self._client = client
        self._window = duplicate_window
        self.recalls = Recalls(client)
        self.elsewhere = Elsewhere(client, sites_window)
        self.outbox = Outbox(client)
        self._settle = script("outbox", "transition", "settle")
        self._set_aside = script("outbox", "transition", "set_aside")

    def probe(self) -> None:
        """Raise what the server answers to a write, if it takes none."""
        write_probe(self._client)

    def clear_bell(self, site: str) -> None:
        """Let the next arrival ring again; called before the first read."""
        self._client.delete(SiteKeys(site).bell)

    def set_bell(self, site: str) -> bool:
        """Say that a worker must be woken, unless somebody said so already."""
        return bool(self._client.set(SiteKeys(site).bell, "1", nx=True, px=BELL_TTL_MS))

    def is_waiting(self, site: str) -> bool:
        """Say whether the inbox holds anything, taken or not, or a comment is to be taken back."""
        return self.depth(site) > 0 or self.recalls.are_waiting(site)

    def depth(self, site: str) -> int:
        """Return the number of comments that are not settled yet."""
        count: Any = self._client.xlen(SiteKeys(site).inbox)
        return int(count)

    def oldest_ms(self, site: str) -> int | None:
        """Return when the oldest unsettled comment came, ms since the epoch, or None."""
        found: Any = self._client.xrange(SiteKeys(site).inbox, count=1)
        return int(found[0][0].split(b"-")[0]) if found else None

    def take(self, site: str, worker: str, count: int) -> list[Entry]:
        """Return up to ``count`` entries nobody has taken, now taken by ``worker``."""
        keys = SiteKeys(site)
        try:
            found = self._read(keys, worker, count)
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            make_group(self._client, keys)
            found = self._read(keys, worker, count)
        return [_entry(*item) for item in found]

    def stale(self, site: str, idle_ms: int, count: int) -> list[Stale]:
        """Return entries whose worker has been silent for ``idle_ms``, oldest first."""
        try:
            found: Any = self._client.xpending_range(
                SiteKeys(site).inbox, GROUP, "-", "+", count, idle=idle_ms
            )
        except ResponseError as error:
            if str(error).startswith("NOGROUP"):
                return []
            raise
        return [Stale(item["message_id"].decode(), int(item["times_delivered"])) for item in found]

    def claim(self, site: str, worker: str, entry_ids: Sequence[str], idle_ms: int) -> list[Entry]:
        """Take entries over; those that somebody else was faster to take are left out."""
        keys = SiteKeys(site)
        found: Any = self._client.xclaim(keys.inbox, GROUP, worker, idle_ms, list(entry_ids))
        return [_entry(*item) for item in found if item and item[1]]

    def hand_back(self, site: str, worker: str) -> int:
        """Leave what ``worker`` took and did not settle to whoever comes first; return how many.

        What it began does not count as begun. For a worker that ends in good order.
        """
        left = self._left_by(site, worker)
        for attempts in {attempts for _, attempts in left}:
            self._client.xclaim(
                SiteKeys(site).inbox, GROUP, worker, 0,
                [entry_id for entry_id, begun in left if begun == attempts],
                idle=HANDED_BACK_IDLE_MS, retrycount=max(attempts - 1, 0), justid=True,
            )  # fmt: skip
        return len(left)

    def _left_by(self, site: str, worker: str) -> list[tuple[str, int]]:
        """Return the entries that ``worker`` holds, and how often each was begun."""
        try:
            found: Any = self._client.xpending_range(
                SiteKeys(site).inbox, GROUP, "-", "+", HANDED_BACK_AT_ONCE, worker
            )
        except ResponseError as error:
            if str(error).startswith("NOGROUP"):
                return []
            raise
        return [(item["message_id"].decode(), int(item["times_delivered"])) for item in found]

    def load(self, site: str, entries: Sequence[Entry], known: Facts) -> list[Pending]:
        """Return the entries with their cases; entries whose comment is gone are dropped.

        ``known`` holds what is true of the whole site.
        """
        fields = self._fields(site, entries)
        authors = self._authors(site, fields)
        pending = []
        for entry, stored in zip(entries, fields, strict=True):
            if not stored:
                self._drop(site, entry)
                continue
            facts = _with_author(known, authors.get(stored.get(b"author", b"")))
            case = case_from(entry.comment_id, site, stored, facts)
            pending.append(
                Pending(entry, case, stored[b"page_key"].decode(), stored[b"root"].decode())
            )
        return pending

    def unread(self, site: str, entry: Entry) -> Pending | None:
        """Return where an entry's comment stands, without its words, which may be unreadable.

        None when the comment is gone; its entry is dropped then.
        """
        names = ("page_key", "parent", "root", "author")
        found: Any = self._client.hmget(SiteKeys(site).comment(entry.comment_id), names)
        if found[0] is None:
            self._drop(site, entry)
            return None
        place, parent, root, author = ((value or b"").decode() for value in found)
        comment = Comment(entry.comment_id, site, page="", content="", parent=parent)
        return Pending(entry, Case(comment, Facts(author_key=author)), place, root)

    def recent(self, site: str) -> Recent:
        """Return the site's duplicate window."""
        if not self._window:
            return Recent()
        lines: Any = self._client.lrange(SiteKeys(site).recent, 0, -1)
        return recent_from(lines)

    def settle(self, site: str, settlements: Sequence[Settlement], day: int = 0) -> int:
        """Give the comments their verdicts; return how many were not settled before.

        What a policy on trial makes of them is counted under ``day``.
        """
        settled = 0
        for start in range(0, len(settlements), SETTLE_CHUNK):
            settled += self._settle_chunk(site, settlements[start : start + SETTLE_CHUNK], day)
        self.elsewhere.remember(site, filter(None, map(_window_line, settlements)))
        return settled

    def set_aside(self, site: str, pending: Pending, attempts: int, now_ms: int) -> None:
        """Hold a comment that workers began ``attempts`` times and never finished."""
        keys = SiteKeys(site)
        verdict = Verdict(Action.HOLD, "unscreened", unscreened=("worker",))
        why = orjson.dumps({"attempts": attempts, "error": DIED})
        entry = pending.entry
        fields: Any = self._client.hgetall(keys.comment(entry.comment_id))
        settled = {**fields, b"verdict": verdict_json(verdict)}
        self._set_aside(
            self._client,
            [*transition_keys(site, []), *_keys_of(keys, pending)],
            [
                entry.comment_id,
                entry.revision,
                entry.id,
                GROUP,
                verdict_json(verdict),
                why,
                now_ms,
                stored_facets(entry.comment_id, site, settled),
            ],
        )

    def _settle_chunk(self, site: str, settlements: Sequence[Settlement], day: int) -> int:
        keys = SiteKeys(site)
        names = transition_keys(site, [])
        arguments: list[Argument] = [
            GROUP, max(self._window, 1), len(settlements), day, DIFFERING_KEPT
        ]  # fmt: skip
        for item in settlements:
            names += _keys_of(keys, item.pending)
            arguments += _settle_arguments(item, self._window)
        copies = {
            name: max(item.times, len(item.copies)) for item in settlements for name in item.copies
        }
        arguments += [value for pair in copies.items() for value in pair]
        names += [keys.trial, keys.differing, keys.recalls]
        return sum(self._settle(self._client, names, arguments))

    def _read(self, keys: SiteKeys, worker: str, count: int) -> list[Any]:
        found: Any = self._client.xreadgroup(GROUP, worker, {keys.inbox: ">"}, count=count)
        if not found:
            return []
        streams = found.values() if isinstance(found, dict) else [found[0][1]]
        items: list[Any] = next(iter(streams))
        return items[0] if items and isinstance(items[0], list) else items

    def _fields(self, site: str, entries: Sequence[Entry]) -> list[dict[bytes, bytes]]:
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for entry in entries:
            pipe.hgetall(keys.comment(entry.comment_id))
        return list(pipe.execute())

    def _authors(
        self, site: str, fields: Sequence[dict[bytes, bytes]]
    ) -> dict[bytes, list[bytes | None]]:
        keys = SiteKeys(site)
        known = sorted({stored[b"author"] for stored in fields if stored.get(b"author")})
        pipe = self._client.pipeline(transaction=False)
        for author in known:
            pipe.hmget(keys.author(author.decode()), "approved", "refused")
        if known:
            pipe.hmget(keys.trusted, known)
        *counts, trusted = pipe.execute() or [[]]
        rows = zip(counts, trusted, strict=True)
        return dict(zip(known, ([*pair, trust] for pair, trust in rows), strict=True))

    def _drop(self, site: str, entry: Entry) -> None:
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        pipe.xack(keys.inbox, GROUP, entry.id)
        pipe.xdel(keys.inbox, entry.id)
        pipe.execute()


def _entry(entry_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(
        entry_id.decode(),
        fields[b"id"].decode(),
        int(fields[b"revision"]),
        fields.get(b"trace", b"").decode(),
    )


def _with_author(known: Facts, counts: list[bytes | None] | None) -> Facts:
    if counts is None:
        return known
    return Facts(
        site_lang=known.site_lang,
        site_hosts=known.site_hosts,
        approved_before=max(int(counts[0] or 0), 0),
        refused_before=max(int(counts[1] or 0), 0),
        is_trusted=counts[2] is not None,
    )


def _keys_of(keys: SiteKeys, pending: Pending) -> list[str]:
    comment, facts = pending.case.comment, pending.case.facts
    return comment_keys(
        keys, comment.id, comment.parent, pending.page_key, pending.root, facts.author_key
    )


def _settle_arguments(item: Settlement, window: int) -> list[Argument]:
    entry, case, verdict = item.pending.entry, item.pending.case, item.verdict
    return [
        entry.comment_id,
        entry.revision,
        entry.id,
        verdict.status,
        verdict_json(verdict),
        int(bool(verdict.unscreened)),
        _window_line(item) if window else b"",
        facets_of(case.comment, verdict, case.facts.author_key),
        item.trial.status if item.trial else "",
        item.trial.rule if item.trial else "",
    ]


def _window_line(item: Settlement) -> bytes:
    return item.seen if is_needed(item.seen, item.pending.entry.revision) else b""
