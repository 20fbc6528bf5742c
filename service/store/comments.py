"""Comments on their way in: accepting, looking up, editing, withdrawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from redis.exceptions import NoScriptError

from service.moderation.comment import Comment, Facts
from service.moderation.signal import Attribute
from service.store.facets import LANGUAGES, facets_of
from service.store.keys import STATUS_ORDER, SiteKeys, page_key
from service.store.records import Record, content_json, facts_json, read_records
from service.store.scripts import Argument, Script, script
from service.store.sealing import Personal, SealBroken, Vault
from service.store.server.connection import Client, needs_fsync_wait
from service.store.server.line import Line
from service.store.sites import Limit

MAX_DEPTH = 12
BELL_TTL_MS = 15_000
FSYNC_WAIT_MS = 4_000
"""Below the connection's own patience, so that the answer is ours and not a time-out."""
DIMENSIONS = ("ip", "email", "site", "page")


class CommentUnknown(Exception):
    """Say that the site has no such comment."""


class ParentUnknown(Exception):
    """Say that the comment answered does not stand under that page, approved."""


class ThreadTooDeep(Exception):
    """Say that replies to replies end here."""


class EditClosed(Exception):
    """Say that the author may no longer change the comment."""


class InboxFull(Exception):
    """Say that more comments wait for their check, or for longer, than the limits allow."""


class NotOnDisk(Exception):
    """Say that the server took the comment but could not confirm it is on disk."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """Report one rate limit: what is left of it, or how long to wait, in seconds."""

    dimension: str
    limit: Limit
    remaining: int
    retry_after_s: float


class RateLimited(Exception):
    """Say that a limit is used up; ``allowances`` reports every limit."""

    def __init__(self, allowances: tuple[Allowance, ...]) -> None:
        super().__init__("rate limited")
        self.allowances = allowances


@dataclass(frozen=True, slots=True)
class InboxLimits:
    """Say when a site's inbox takes no more: how many wait, or how long (s); 0: no limit."""

    most: int = 0
    age_s: int = 0

    @property
    def arguments(self) -> tuple[int, int]:
        """Return them as the scripts take them, the age in ms."""
        return self.most, self.age_s * 1000


NO_LIMITS = InboxLimits()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Hold one comment at the door, with what is known about who brings it.

    ``trace`` is the W3C ``traceparent`` of the request that brings it, where it is traced.
    """

    comment: Comment
    personal: Personal
    facts: Facts
    limits: Mapping[str, Limit]
    idempotency_scope: str = ""
    trace: str = ""


class Traces(NamedTuple):
    """Hold the keyed hashes by which an e-mail and an IP address are found again."""

    email: str
    ip: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """Answer an arrival: the comment's id, and whether a worker must be woken."""

    comment_id: str
    is_replay: bool
    must_ring: bool
    allowances: tuple[Allowance, ...] = ()


class Comments:
    """Keep the comments of every site.

    With ``is_strict`` an arrival is answered only when it is on disk.
    """

    def __init__(
        self,
        client: Client,
        vault: Vault,
        *,
        is_strict: bool = False,
        idempotency_ttl_s: int = 86_400,
        inbox_limits: InboxLimits = NO_LIMITS,
    ) -> None:
        self._client = client
        self._vault = vault
        self._waits_for_disk = is_strict and needs_fsync_wait(client)
        self._idempotency_ttl_s = idempotency_ttl_s
        self._inbox_limits = inbox_limits
        self._line = Line(client)
        self._accept = script("clock", "rate", "fullness", "outbox", "accept")
        self._is_full = script("clock", "fullness", "is_full")
        self._resubmit = script("clock", "outbox", "transition", "trail", "resubmit")
        self._withdraw = script("clock", "outbox", "transition", "trail", "withdraw")
        self._erase = script("clock", "outbox", "transition", "trail", "erase_comment")

    def accept(self, arrival: Arrival) -> Receipt:
        """Save a comment, put it into the inbox and count it, in one round trip.

        Raises ``RateLimited``, ``InboxFull``, ``ParentUnknown``, ``ThreadTooDeep`` or
        ``NotOnDisk``.
        """
        keys = SiteKeys(arrival.comment.site)
        traces = self._traces(arrival.personal)
        limited = _subjects(arrival, traces)
        names = self._accept_keys(keys, arrival, limited)
        arguments = self._accept_arguments(arrival, traces, limited)
        if self._waits_for_disk:
            answer = self.durably(self._accept, names, arguments)
        else:
            answer = self._accept.over(self._line, names, arguments)
        return _receipt(answer, tuple(limited), arrival.limits)

    def refuse_if_full(self, site: str) -> None:
        """Raise ``InboxFull`` where ``accept`` would refuse a new comment for it."""
        arguments = self._inbox_limits.arguments
        if self._is_full(self._client, [SiteKeys(site).inbox], arguments):
            raise InboxFull

    def get(self, site: str, comment_id: str) -> Record:
        """Return one comment.

        Raises ``CommentUnknown``.
        """
        found = self.get_many(site, [comment_id])
        if not found:
            raise CommentUnknown(comment_id)
        return found[0]

    def get_many(self, site: str, comment_ids: Sequence[str]) -> list[Record]:
        """Return those of the comments that exist and can be read, in the order asked."""
        return read_records(self._client, site, comment_ids)

    def status(self, site: str, comment_id: str) -> str:
        """Return a comment's status alone, or an empty string when there is none."""
        found: Any = self._client.hget(SiteKeys(site).comment(comment_id), "status")
        return found.decode() if found else ""

    def edit(
        self, record: Record, changed: Comment, not_before_ms: int, *, is_unseen: bool = False
    ) -> bool:
        """Replace a comment's words and send it through the checks again.

        Returns whether a worker must be woken. Raises ``EditClosed`` when the comment
        arrived before ``not_before_ms``, somebody has decided on it, readers' reports hold
        it, or it was refused; ``is_unseen`` lets a refused one through whose author is not
        to know.
        """
        words = content_json(changed)
        kind = "edit unseen" if is_unseen else "edit"
        return self._put_back(record, kind, words, not_before_ms)

    def retry(self, record: Record) -> bool:
        """Send a comment that was set aside through the checks again.

        Returns whether a worker must be woken. Raises ``CommentUnknown`` when it was
        not set aside.
        """
        return self._put_back(record, "retry", b"", 0)

    def rescreen(self, record: Record) -> bool:
        """Send a held comment that some check could not judge through the checks again.

        Returns whether a worker must be woken. Raises ``CommentUnknown`` when it is none.
        """
        return self._put_back(record, "rescreen", b"", 0)

    def withdraw(self, record: Record, not_before_ms: int) -> None:
        """Leave a tombstone without words or personal data.

        Raises ``EditClosed`` when the comment arrived before ``not_before_ms``.
        """
        site = SiteKeys(record.comment.site)
        own = [site.trail(record.comment.id), site.past(record.comment.id)]
        notes = site.report_notes(record.comment.id)
        keys = [*transition_keys(site.site, [record]), *own, notes]
        arguments: list[Argument] = [record.comment.id, not_before_ms, *_emptied(record)]
        answer = self._withdraw(self._client, keys, arguments)
        if answer == b"unknown":
            raise CommentUnknown(record.comment.id)
        if answer == b"too_late":
            raise EditClosed

    def erase(self, record: Record, actor: str) -> None:
        """Leave nothing personal of a comment, of what was learned from it or written about it.

        Its place in the thread stays. What its site shares with others is forgotten when
        the site learns next, and it must be told to. Raises ``CommentUnknown``.
        """
        site = SiteKeys(record.comment.site)
        keys = [
            *transition_keys(site.site, [record]),
            site.trail(record.comment.id),
            site.past(record.comment.id),
            site.notes(record.comment.id),
            site.claim(record.comment.id),
            site.report_notes(record.comment.id),
            site.waiting,
            site.lessons,
            site.layer,
            site.ordinary,
            site.recalls,
            site.reasons(record.comment.id),
        ]
        arguments: list[Argument] = [record.comment.id, actor, *_emptied(record)]
        if self.durably(self._erase, keys, arguments) == b"unknown":
            raise CommentUnknown(record.comment.id)

    def personal(self, record: Record) -> Personal:
        """Return a comment's e-mail and IP address; empty once they are gone, or no key fits."""
        if not record.sealed:
            return Personal()
        try:
            return self._vault.open(record.sealed, record.comment.id)
        except SealBroken:
            return Personal()

    def _put_back(self, record: Record, kind: str, words: bytes, not_before_ms: int) -> bool:
        site = SiteKeys(record.comment.site)
        own = [site.trail(record.comment.id), site.bell]
        keys = [*transition_keys(site.site, [record]), *own]
        arguments: list[Argument] = [record.comment.id, kind, words, not_before_ms, BELL_TTL_MS]
        answer, ring = self.durably(self._resubmit, keys, arguments)
        if answer == b"unknown":
            raise CommentUnknown(record.comment.id)
        if answer != b"accepted":
            raise EditClosed
        return bool(ring)

    def durably(self, run: Script, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """Return what a script answers, once its writes are as safe as arrivals must be.

        Raises ``NotOnDisk``.
        """
        if not self._waits_for_disk:
            return run(self._client, keys, arguments)
        try:
            answer, synced = self._with_fsync("EVALSHA", run.digest, keys, arguments)
        except NoScriptError:
            answer, synced = self._with_fsync("EVAL", run.text, keys, arguments)
        if synced[0] < 1:
            raise NotOnDisk
        return answer

    def _with_fsync(
        self, command: str, body: str, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> Any:
        pipe: Any = self._client.pipeline(transaction=False)
        pipe.execute_command(command, body, len(keys), *keys, *arguments)
        pipe.execute_command("WAITAOF", 1, 0, FSYNC_WAIT_MS)
        return pipe.execute()

    def _traces(self, personal: Personal) -> Traces:
        lookup = self._vault.lookup
        return Traces(lookup("email", personal.email.lower()), lookup("ip", personal.ip))

    def _accept_keys(
        self, keys: SiteKeys, arrival: Arrival, limited: Mapping[str, str]
    ) -> list[str]:
        comment = arrival.comment
        own = keys.comment(comment.id)
        scope = arrival.idempotency_scope
        idempotency = keys.idempotency(self._vault.lookup("idempotency", scope)) if scope else own
        return [
            own,
            keys.inbox,
            keys.bell,
            idempotency,
            keys.page(page_key(comment.page)),
            keys.counters,
            keys.comment(comment.parent) if comment.parent else own,
            keys.webhooks,
            keys.outbox,
            *(keys.rate(name, subject) for name, subject in limited.items()),
        ]

    def _accept_arguments(
        self, arrival: Arrival, traces: Traces, limited: Mapping[str, str]
    ) -> list[Argument]:
        comment, personal = arrival.comment, arrival.personal
        submitted_ms = int(comment.submitted_at * 1000) if comment.submitted_at else ""
        fixed: list[Argument] = [
            comment.id,
            content_json(comment),
            facts_json(arrival.facts, tuple(limited)),
            self._vault.seal(personal, comment.id),
            traces.email,
            traces.ip,
            arrival.facts.author_key,
            page_key(comment.page),
            comment.page,
            comment.page_title,
            comment.parent,
            MAX_DEPTH,
            self._idempotency_ttl_s,
            BELL_TTL_MS,
            submitted_ms,
            *self._inbox_limits.arguments,
            arrival.trace,
        ]
        for name in limited:
            limit = arrival.limits[name]
            fixed += [limit.burst, limit.window_s * 1000]
        return fixed


def _emptied(record: Record) -> tuple[bytes, bytes]:
    """Return what stays of a comment's words, which is the page it stood under, and its facets."""
    page, submitted_at = record.comment.page, record.submitted_at_ms / 1000
    empty = Comment(id="", site="", page=page, content="", submitted_at=submitted_at)
    return content_json(empty), facets_of(empty, None, "")


def _subjects(arrival: Arrival, traces: Traces) -> dict[str, str]:
    """Return whose comments each limit counts, of those that apply."""
    whose = (traces.ip, traces.email, "all", page_key(arrival.comment.page))
    return {
        name: subject
        for name, subject in zip(DIMENSIONS, whose, strict=True)
        if subject and name in arrival.limits
    }


def transition_keys(site: str, records: Sequence[Record]) -> list[str]:
    """Return the keys transition.lua reads: the site's, then eight for each record."""
    keys = SiteKeys(site)
    names = [
        *(keys.status(status) for status in STATUS_ORDER),
        keys.counters,
        keys.unscreened,
        keys.inbox,
        keys.recent,
        keys.audit,
        keys.dead,
        keys.dead_reasons,
        keys.live,
        keys.facets,
        keys.severity,
        keys.reach,
        keys.with_link,
        keys.reported,
        *(keys.scored(attribute) for attribute in Attribute),
        *(keys.in_language(code) for code in LANGUAGES),
        keys.reporters,
        keys.appeals,
        keys.appeal_counts,
        keys.callbacks,
        keys.webhooks,
        keys.outbox,
        keys.handled,
    ]
    for record in records:
        names += comment_keys(
            keys,
            record.comment.id,
            record.comment.parent,
            record.page_key,
            record.root,
            record.author_key,
        )
    return names


def comment_keys(
    keys: SiteKeys, comment_id: str, parent: str, page: str, root: str, author: str
) -> list[str]:
    """Return one comment's eight keys, its own standing in for what it lacks."""
    own = keys.comment(comment_id)
    return [
        own,
        keys.comment(parent) if parent else own,
        keys.page(page),
        keys.thread(root) if root else keys.roots(page),
        keys.thread(root) if root != parent else keys.roots(page),
        keys.author(author) if author else own,
        keys.held_on(page),
        keys.held_by(author) if author else own,
    ]


_REFUSALS = {b"no_parent": ParentUnknown, b"too_deep": ThreadTooDeep, b"full": InboxFull}


def _receipt(
    answer: list[Any], dimensions: tuple[str, ...], limits: Mapping[str, Limit]
) -> Receipt:
    kind = answer[0]
    if kind == b"accepted":
        report = allowances_from(answer[3], dimensions, limits)
        return Receipt(answer[1].decode(), False, bool(answer[2]), report)
    if kind == b"replayed":
        return Receipt(answer[1].decode(), True, False)
    if kind == b"limited":
        raise RateLimited(allowances_from(answer[1], dimensions, limits))
    raise _REFUSALS[kind]


def allowances_from(
    report: list[list[int]], dimensions: tuple[str, ...], limits: Mapping[str, Limit]
) -> tuple[Allowance, ...]:
    """Return what rate.lua reports of each limit."""
    rows = zip(dimensions, report, strict=True)
    return tuple(
        Allowance(name, limits[name], remaining, retry_ms / 1000)
        for name, (remaining, retry_ms) in rows
    )
