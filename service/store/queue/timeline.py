"""A comment's history: received, judged, decided, undone, edited, noted, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from service.store.comments import CommentUnknown
from service.store.keys import SiteKeys
from service.store.queue.notes import Note, note_from
from service.store.records import verdict_from
from service.store.server.connection import Client

MOST_CODES = 8
"""Codes of evidence told of one verdict; as in trail.lua."""


class Kind(StrEnum):
    """Name what may happen to a comment; scripts write the names that are not made here."""

    RECEIVED = "received"
    VERDICT = "verdict"
    DECISION = "decision"
    UNDO = "undo"
    EDIT = "edit"
    RETRY = "retry"
    RECALL = "recall"
    WITHDRAWAL = "withdrawal"
    NOTE = "note"
    REPORT = "report"
    APPEAL = "appeal"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one thing that happened to a comment, when (ms since the epoch), and by whom.

    A decision and what undoes one lead from ``source`` to ``target``; with ``is_edited``,
    the moderator changed the words too. A verdict has an ``action``, a ``rule`` and the
    ``codes`` of its evidence. ``text`` is a decision's reason, or a note, or the webhook
    that was ``target`` (``told``, or ``dead`` in the end) of the event ``rule`` names.
    """

    kind: Kind
    at_ms: int
    actor: str = ""
    text: str = ""
    source: str = ""
    target: str = ""
    is_edited: bool = False
    action: str = ""
    rule: str = ""
    codes: tuple[str, ...] = ()


class Timeline:
    """Read comments' histories, each from its own few keys."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def of(self, site: str, comment_id: str) -> tuple[Event, ...]:
        """Return what happened to a comment, oldest first.

        Raises ``CommentUnknown``.
        """
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        pipe.hmget(keys.comment(comment_id), "received_at", "settled_at", "verdict")
        pipe.lrange(keys.trail(comment_id), 0, -1)
        pipe.lrange(keys.notes(comment_id), 0, -1)
        pipe.lrange(keys.told(comment_id), 0, -1)
        (received_at, settled_at, verdict), trail, notes, deliveries = pipe.execute()
        if received_at is None:
            raise CommentUnknown(comment_id)
        steps = [orjson.loads(step) for step in trail]
        told = [Event(Kind.RECEIVED, int(received_at)), *_events(steps)]
        if verdict is not None:
            _insert_verdict(told, _judged(verdict, int(settled_at or 0)))
        beside = [_noted(note_from(raw)) for raw in notes] + [_told(raw) for raw in deliveries]
        return _with(told, sorted(beside, key=lambda event: event.at_ms))


def _events(steps: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Return the trail's events; one that put a verdict aside comes after that verdict."""
    events: list[Event] = []
    for step in steps:
        if "verdict" in step:
            _insert_verdict(events, _judged_before(step["verdict"]))
        events.append(
            Event(
                Kind(step["kind"]),
                int(step["at"]),
                actor=step.get("actor", ""),
                text=step.get("reason", ""),
                source=step.get("from", ""),
                target=step.get("to", ""),
                is_edited=step.get("edited", False),
            )
        )
    return events


def _insert_verdict(events: list[Event], verdict: Event) -> None:
    """Put a verdict behind what it was an answer to, whatever the clocks say."""
    asked = (Kind.RECEIVED, Kind.EDIT, Kind.RETRY, Kind.RECALL, Kind.REPORT)
    places = [place for place, event in enumerate(events) if event.kind in asked]
    events.insert(places[-1] + 1 if places else 0, verdict)


def _judged(raw: bytes, at_ms: int) -> Event:
    try:
        verdict = verdict_from(raw)
    except (KeyError, ValueError):
        return Event(Kind.VERDICT, at_ms)
    codes = (item.code for signal in verdict.signals for item in signal.evidence)
    return Event(
        Kind.VERDICT,
        at_ms,
        action=verdict.action,
        rule=verdict.rule,
        codes=tuple(dict.fromkeys(codes))[:MOST_CODES],
    )


def _judged_before(gist: Mapping[str, Any]) -> Event:
    return Event(
        Kind.VERDICT,
        int(gist["at"]),
        action=gist["action"],
        rule=gist["rule"],
        codes=tuple(gist["codes"]),  # an empty list is written as an empty object
    )


def _noted(note: Note) -> Event:
    return Event(Kind.NOTE, note.at_ms, note.actor, note.text)


def _told(raw: bytes) -> Event:
    at_ms, outcome, what, name, said = orjson.loads(raw)
    return Event(Kind.WEBHOOK, at_ms, text=name, target=outcome, rule=what, action=said)


def _with(events: Sequence[Event], beside: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events with each of those beside before the first one that came later."""
    waiting = list(beside)
    merged: list[Event] = []
    for event in events:
        while waiting and waiting[0].at_ms < event.at_ms:
            merged.append(waiting.pop(0))
        merged.append(event)
    return (*merged, *waiting)
