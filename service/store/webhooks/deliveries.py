"""Deliveries: events on their way to a site's webhooks, at least once each, for about a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import orjson

from service.store.keys import SiteKeys
from service.store.scripts import Argument, script
from service.store.server.connection import Client
from service.store.webhooks.webhooks import TEST, Webhook

SPREAD_AT_ONCE = 100
MOST_WAITING = 10_000
"""Events that wait for one webhook; what comes beyond is counted as missed."""
LEASE_MS = 120_000
"""How long a worker may take over what it took; one that died is followed by another."""
PAUSES_S = (10, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 29_400)
"""Between two tries, after each that failed: a day together."""
LONGEST_ASKED_S = 3600
"""How long a receiver is left alone because it asks for it; after that it may ask again."""
RESTS_AFTER = 3
"""Failures in a row after which a webhook is tried one by one, with rests in between."""
FIRST_REST_MS, LONGEST_REST_MS = 15_000, 900_000


class Outcome(StrEnum):
    """Say what came of an attempt; ``AGAIN`` is one that failed and is made again."""

    TOLD = "told"
    AGAIN = "again"
    DEAD = "dead"


MISSED = "missed"
"""What came of an event of which so many waited already that no attempt was made."""
COUNTERS = {str(result): f"webhooks_{result}" for result in (*Outcome, MISSED)}
"""Results by name, and where a site's counters keep how many there were (the scripts write it)."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Hold one event: what happened when (ms) to which comment, and the facts of it.

    ``id`` is its place in the outbox, the same in every attempt and for every webhook.
    Nothing personal is in it.
    """

    id: str
    what: str
    comment_id: str
    at_ms: int
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Hold an event for one webhook, and how often telling it has failed.

    ``skipped`` are the tries that were not made, because the receiver asked for time.
    """

    happening: Happening
    tries: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Again:
    """Say how a delivery that failed is made again: after how long, and what is skipped by it.

    ``asked_s`` is how long the receiver wants to be left alone, whatever it is to be told.
    """

    pause_s: int
    skipped: int = 0
    asked_s: int = 0


def next_try(failed: Delivery, asked_s: int = 0) -> Again | None:
    """Return how a delivery that failed once more is made again; None: it is given up.

    It never comes earlier than our own pauses say. What the receiver asks for, an hour at most,
    takes the place of the tries that it reaches, so all of them together end after the same day.
    """
    left = PAUSES_S[failed.tries + failed.skipped :]
    if not left:
        return None
    asked_s, skipped, reached_s = min(asked_s, LONGEST_ASKED_S), 0, left[0]
    while reached_s < asked_s and skipped + 1 < len(left):
        skipped += 1
        reached_s += left[skipped]
    return Again(max(left[0], asked_s), failed.skipped + skipped, asked_s)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Hold one attempt: when (ms), which event, what came of it, and how long it took (ms).

    ``said`` is the status of the answer, or what went wrong, in a word.
    """

    at_ms: int
    happening: Happening
    outcome: Outcome
    said: str
    took_ms: int
    tries: int


@dataclass(frozen=True, slots=True)
class Health:
    """Say how a webhook does: counts, failures in a row since when, its rest (ms; 0: none)."""

    waiting: int = 0
    dead: int = 0
    told: int = 0
    given_up: int = 0
    missed: int = 0
    failures: int = 0
    failing_since_ms: int = 0
    rests_until_ms: int = 0


class Deliveries:
    """Keep what the sites' webhooks are still to be told."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._spread = script("webhooks/spread")
        self._take = script("webhooks/take_due")
        self._note = script("webhooks/note_delivery")
        self._replay = script("webhooks/replay")

    def spread(self, site: str, webhooks: Sequence[Webhook], now_ms: int) -> int:
        """Give some events from a site's outbox to those who hear of them; return how many."""
        keys = SiteKeys(site)
        found: Any = self._client.xrange(keys.outbox, count=SPREAD_AT_ONCE)
        if not found:
            return 0
        names = [keys.outbox, keys.webhooks, keys.counters]
        for each in webhooks:
            names += _own_keys(keys, each.id)
        arguments: list[Argument] = [now_ms, MOST_WAITING, len(webhooks)]
        arguments += [each.id for each in webhooks]
        for entry_id, fields in found:
            happening = _happening_in(entry_id.decode(), fields)
            hearing = [
                str(place) for place, each in enumerate(webhooks, 1) if each.hears(happening.what)
            ]
            arguments += [happening.id, _delivery_json(Delivery(happening)), " ".join(hearing)]
        return int(self._spread(self._client, names, arguments))

    def add_test(self, site: str, webhook: Webhook, now_ms: int) -> None:
        """Have one webhook told that this is a test."""
        happening = Happening(f"{now_ms}-{TEST}", TEST, "", now_ms)
        self._again(site, webhook, [Delivery(happening)], now_ms)

    def take(self, site: str, webhook: Webhook, now_ms: int, count: int) -> list[Delivery]:
        """Return up to ``count`` deliveries that are due, now this worker's for two minutes.

        One at most to a webhook that has been failing, and none while it rests.
        """
        answer = self._take(
            self._client,
            _taking_keys(SiteKeys(site), webhook.id),
            [now_ms, now_ms + LEASE_MS, count, RESTS_AFTER],
        )
        return [_delivery_from(raw) for raw in answer[1::2]]

    def note(
        self,
        site: str,
        webhook: Webhook,
        delivery: Delivery,
        attempt: Attempt,
        again: Again | None = None,
    ) -> int:
        """Note what came of an attempt; ``again`` says of one that is made again when.

        Returns since when (ms) the webhook has been failing, 0 where it works.
        """
        keys, happening = SiteKeys(site), delivery.happening
        names = [
            keys.deliveries_due(webhook.id),
            keys.deliveries(webhook.id),
            keys.deliveries_dead(webhook.id),
            keys.deliveries_recent(webhook.id),
            keys.webhook_state(webhook.id),
            keys.webhooks,
            keys.told(happening.comment_id),
            keys.counters,
        ]
        skipped = again.skipped if again else delivery.skipped
        arguments: list[Argument] = [
            webhook.id,
            happening.id,
            attempt.outcome,
            attempt.at_ms,
            _delivery_json(replace(delivery, tries=attempt.tries, skipped=skipped)),
            attempt.at_ms + 1000 * (again.pause_s if again else 0),
            _attempt_json(attempt),
            _told_json(webhook, attempt) if happening.comment_id else b"",
            RESTS_AFTER,
            FIRST_REST_MS,
            LONGEST_REST_MS,
            attempt.at_ms + 1000 * again.asked_s if again and again.asked_s else 0,
        ]
        return int(self._note(self._client, names, arguments))

    def are_due(self, site: str, webhooks: Iterable[Webhook], now_ms: int) -> bool:
        """Say whether any webhook that is on is to be told something now."""
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for each in webhooks:
            if each.off is None:
                pipe.zcount(keys.deliveries_due(each.id), "-inf", now_ms)
                pipe.hmget(keys.webhook_state(each.id), "rests_until", "asked_until")
        answers = pipe.execute()
        rows = zip(answers[::2], answers[1::2], strict=True)
        return any(count and max(int(at or 0) for at in rests) <= now_ms for count, rests in rows)

    def dead(self, site: str, webhook: Webhook, limit: int) -> list[Delivery]:
        """Return what a webhook was not told in the end, newest first."""
        keys = SiteKeys(site)
        ids: Any = self._client.zrevrange(keys.deliveries_dead(webhook.id), 0, limit - 1)
        if not ids:
            return []
        found: Any = self._client.hmget(keys.deliveries(webhook.id), ids)
        return [_delivery_from(raw) for raw in found if raw is not None]

    def recent(self, site: str, webhook: Webhook) -> list[Attempt]:
        """Return the last attempts to tell a webhook something, newest first."""
        found: Any = self._client.lrange(SiteKeys(site).deliveries_recent(webhook.id), 0, -1)
        return [_attempt_from(raw) for raw in found]

    def health(self, site: str, webhook: Webhook) -> Health:
        """Say how a webhook does."""
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        pipe.zcard(keys.deliveries_due(webhook.id))
        pipe.zcard(keys.deliveries_dead(webhook.id))
        pipe.hgetall(keys.webhook_state(webhook.id))
        waiting, dead, stored = pipe.execute()
        counts = {name.decode(): int(value) for name, value in stored.items()}
        return Health(
            waiting=waiting,
            dead=dead,
            told=counts.get("told", 0),
            given_up=counts.get("given_up", 0),
            missed=counts.get("missed", 0),
            failures=counts.get("failures", 0),
            failing_since_ms=counts.get("failing_since", 0),
            rests_until_ms=max(counts.get("rests_until", 0), counts.get("asked_until", 0)),
        )

    def replay_all(self, site: str, webhook: Webhook, now_ms: int, most: int = 1000) -> int:
        """Tell a webhook again of all it was not told in the end; return of how many."""
        return self._again(site, webhook, self.dead(site, webhook, most), now_ms)

    def replay(self, site: str, webhook: Webhook, event_id: str, now_ms: int) -> bool:
        """Tell a webhook again of one event, told or not; say whether it is still known."""
        raw: Any = self._client.hget(SiteKeys(site).deliveries(webhook.id), event_id)
        if raw is not None:
            return bool(self._again(site, webhook, [_delivery_from(raw)], now_ms))
        known = (each.happening for each in self.recent(site, webhook))
        found = [Delivery(each) for each in known if each.id == event_id][:1]
        return bool(found and self._again(site, webhook, found, now_ms))

    def _again(
        self, site: str, webhook: Webhook, deliveries: Sequence[Delivery], now_ms: int
    ) -> int:
        if not deliveries:
            return 0
        keys = SiteKeys(site)
        names = [
            keys.deliveries(webhook.id),
            keys.deliveries_due(webhook.id),
            keys.deliveries_dead(webhook.id),
            keys.webhook_state(webhook.id),
        ]
        arguments: list[Argument] = [now_ms, MOST_WAITING]
        for each in deliveries:
            arguments += [each.happening.id, _delivery_json(Delivery(each.happening))]
        return int(self._replay(self._client, names, arguments))


def _own_keys(keys: SiteKeys, webhook_id: str) -> list[str]:
    return [
        keys.deliveries(webhook_id),
        keys.deliveries_due(webhook_id),
        keys.webhook_state(webhook_id),
    ]


def _taking_keys(keys: SiteKeys, webhook_id: str) -> list[str]:
    deliveries, due, state = _own_keys(keys, webhook_id)
    return [due, deliveries, state]


def _happening_in(entry_id: str, fields: Mapping[bytes, bytes]) -> Happening:
    return Happening(
        entry_id,
        fields[b"what"].decode(),
        fields[b"id"].decode(),
        int(entry_id.partition("-")[0]),
        orjson.loads(fields[b"event"]),
    )


def _happening_data(happening: Happening) -> list[Any]:
    return [
        happening.id,
        happening.what,
        happening.comment_id,
        happening.at_ms,
        happening.facts,
    ]


def _delivery_json(delivery: Delivery) -> bytes:
    return orjson.dumps([*_happening_data(delivery.happening), delivery.tries, delivery.skipped])


def _delivery_from(raw: bytes) -> Delivery:
    # One written before a receiver could ask for time has no number of tries skipped.
    id_, what, comment_id, at_ms, facts, *counts = orjson.loads(raw)
    return Delivery(Happening(id_, what, comment_id, at_ms, facts), *counts)


def _attempt_json(attempt: Attempt) -> bytes:
    return orjson.dumps(
        [
            *_happening_data(attempt.happening),
            attempt.at_ms,
            attempt.outcome,
            attempt.said,
            attempt.took_ms,
            attempt.tries,
        ]
    )


def _attempt_from(raw: bytes) -> Attempt:
    *happening, at_ms, outcome, said, took_ms, tries = orjson.loads(raw)
    return Attempt(at_ms, Happening(*happening), Outcome(outcome), said, took_ms, tries)


def _told_json(webhook: Webhook, attempt: Attempt) -> bytes:
    """Return what a comment's history says of an attempt; nothing of one that is made again."""
    if attempt.outcome is Outcome.AGAIN:
        return b""
    return orjson.dumps(
        [attempt.at_ms, attempt.outcome, attempt.happening.what, webhook.name, attempt.said]
    )
