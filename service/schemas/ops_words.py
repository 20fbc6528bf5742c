"""Alerts and advice for operators, in words."""

from __future__ import annotations

from service.schemas.messages import Message
from service.store.doors.door_keys import CALLED, Door
from service.store.telemetry.views import Advice, AdviceKind, Alert, AlertKind

ALERTS = {
    AlertKind.NO_WORKER: "No worker is alive: comments are accepted and nothing judges them.",
    AlertKind.WORKER_SILENT: "Workers whose process lives, and that do not show themselves: "
    "{count}.",
    AlertKind.SUSPENDED: "The workers are suspended: comments are accepted, and wait.",
    AlertKind.CHECK_FAILING: "The check {subject} fails: {count} failures within the hour.",
    AlertKind.CHECK_SILENT: "The check {subject} has fallen silent: it no longer runs, or no "
    "longer finds what it used to find.",
    AlertKind.INBOX_OLD: "The oldest comment in the inbox of {subject} has waited {count} s; "
    "more than {limit} s is too long.",
    AlertKind.DEAD_LETTERS: "Set aside on {subject} because no worker could finish them: "
    "{count} comments.",
    AlertKind.FAILED_TASKS: "Tasks that failed: {count}.",
    AlertKind.WEBHOOKS_FAILING: "Webhooks of {subject} that do not take what they are told: "
    "{count}.",
    AlertKind.WEBHOOKS_LATE: "The webhooks of {subject} have been behind for {count} s; more than "
    "{limit} s is too long.",
    AlertKind.UNKNOWN_KEYS: "Calls with unknown keys at the {subject} door within the hour: "
    "{count}. Most clients then publish what nothing has judged.",
    AlertKind.MEMORY: "The memory of the server is {percent} % full.",
    AlertKind.DISK: "The disk of the server is {percent} % full.",
    AlertKind.NOT_WRITTEN: "The server cannot write to its disk: nothing it accepts would last.",
    AlertKind.REFUSED: "The server takes no writes ({subject}): no comment is accepted, and "
    "nothing is judged.",
}

ADVICE = {
    AdviceKind.ENOUGH: "The workers keep up: they are busy {percent} % of their time.",
    AdviceKind.CATCHING_UP: "The inbox shrinks by {shrinking}/s; it will be empty in about "
    "{drain} s.",
    AdviceKind.ADD: "The inbox grows by {growth}/s; {workers} more workers would hold it "
    "(one settles {capacity}/s).",
    AdviceKind.STUCK: "Comments wait too long though the inbox does not grow: see whether the "
    "workers finish what they begin.",
    AdviceKind.START: "Start workers: none is alive.",
    AdviceKind.RESUME: "Resume the workers: they are suspended.",
    AdviceKind.REFUSED: "Let the server take writes again: until then no worker can do anything.",
    AdviceKind.UNKNOWN: "Too little has been measured yet to advise on the number of workers.",
}
ADD_ONE = "The inbox grows by {growth}/s; one more worker would hold it (one settles {capacity}/s)."


def alert_said(alert: Alert) -> Message:
    """Return an alert as a sentence."""
    return Message(
        ALERTS[alert.kind],
        subject=_subject_of(alert),
        count=round(alert.value),
        limit=round(alert.limit),
        percent=round(alert.value * 100),
    )


def advice_said(advice: Advice) -> Message:
    """Return advice as a sentence."""
    is_one = advice.kind is AdviceKind.ADD and advice.workers == 1
    return Message(
        ADD_ONE if is_one else ADVICE[advice.kind],
        growth=_rounded(advice.growth),
        shrinking=_rounded(-advice.growth),
        capacity=_rounded(advice.capacity),
        percent=round(advice.busy * 100),
        workers=advice.workers,
        drain=round(advice.drain_s),
    )


def _subject_of(alert: Alert) -> str:
    is_door = alert.kind is AlertKind.UNKNOWN_KEYS
    return CALLED[Door(alert.subject)] if is_door else alert.subject


def _rounded(rate: float) -> float | int:
    return round(rate, 1) if abs(rate) < 10 else round(rate)
