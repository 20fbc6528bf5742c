"""What the queue calls things: statuses, attributes, orders, actions, and who did what when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache

from babel.dates import format_datetime, format_timedelta

from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Stage, Status
from service.schemas.messages import Message, translate
from service.schemas.staff import Move
from service.store.bans import By
from service.store.queue.filters import Sort
from service.store.queue.timeline import Event, Kind
from service.store.webhooks.deliveries import Outcome
from service.store.webhooks.webhooks import What

STATUS_NAMES: Mapping[Status, Message] = {
    Status.RECEIVED: Message("Received"),
    Status.HELD: Message("Held"),
    Status.APPROVED: Message("Approved"),
    Status.REJECTED: Message("Rejected"),
    Status.SPAM: Message("Spam"),
    Status.DELETED: Message("Deleted"),
}
STATUS_WORDS: Mapping[Status, Message] = {
    Status.RECEIVED: Message("received"),
    Status.HELD: Message("held"),
    Status.APPROVED: Message("approved"),
    Status.REJECTED: Message("rejected"),
    Status.SPAM: Message("spam"),
    Status.DELETED: Message("deleted"),
}
"""What one comment is; ``STATUS_NAMES`` name a list of them."""
ATTRIBUTE_NAMES: Mapping[Attribute, Message] = {
    Attribute.SPAM: Message("Spam"),
    Attribute.TOXICITY: Message("Toxicity"),
    Attribute.SEVERE_TOXICITY: Message("Severe toxicity"),
    Attribute.INSULT: Message("Insult"),
    Attribute.THREAT: Message("Threat"),
    Attribute.IDENTITY_ATTACK: Message("Identity attack"),
    Attribute.PROFANITY: Message("Profanity"),
    Attribute.SEXUALLY_EXPLICIT: Message("Sexually explicit"),
}
MODEL_NAMES: Mapping[Stage, Message] = {
    Stage.LINEAR: Message("The first model, by words"),
    Stage.ENCODER: Message("The second model, by meaning"),
}
SORT_NAMES: Mapping[Sort, Message] = {
    Sort.OLDEST: Message("Oldest first"),
    Sort.NEWEST: Message("Newest first"),
    Sort.SEVERITY: Message("Severest first"),
    Sort.REACH: Message("Widest read first"),
}
AGE_NAMES: Mapping[str, Message] = {
    "hour": Message("At most an hour old"),
    "day": Message("At most a day old"),
    "week": Message("At most a week old"),
    "over-day": Message("More than a day old"),
    "over-week": Message("More than a week old"),
}
MOVE_NAMES: Mapping[Move, Message] = {
    Move.APPROVE: Message("Approve"),
    Move.REJECT: Message("Reject"),
    Move.SPAM: Message("Spam"),
    Move.DELETE: Message("Delete"),
    Move.HOLD: Message("Hold"),
}
PRESET_NAMES: Mapping[str, Message] = {
    "strict": Message("strict"),
    "balanced": Message("balanced"),
    "permissive": Message("permissive"),
}
OUTCOME_NAMES: Mapping[Action, Message] = {
    Action.APPROVE: Message("approved"),
    Action.HOLD: Message("held"),
    Action.REJECT: Message("rejected"),
    Action.SPAM: Message("spam"),
}
BANNED_BY: Mapping[By, Message] = {
    By.EMAIL: Message("E-mail address"),
    By.IP: Message("IP address"),
    By.DOMAIN: Message("Domain of the e-mail address"),
    By.AUTHOR: Message("Author’s number on the site"),
}
DURATION_NAMES: Mapping[str, Message] = {
    "day": Message("A day"),
    "week": Message("A week"),
    "month": Message("A month"),
    "year": Message("A year"),
    "always": Message("For good"),
}
EVENT_NAMES: Mapping[Kind, Message] = {
    Kind.RECEIVED: Message("Received from its author"),
    Kind.VERDICT: Message("Checked"),
    Kind.EDIT: Message("Changed by its author"),
    Kind.RETRY: Message("Sent through the checks again"),
    Kind.RECALL: Message("Taken back as one of many copies"),
    Kind.WITHDRAWAL: Message("Withdrawn by its author"),
    Kind.REPORT: Message("Reported by a reader"),
    Kind.APPEAL: Message("Its author asked for another look"),
}
WEBHOOK_NAMES: Mapping[str, Message] = {
    What.RECEIVED: Message("a comment came"),
    What.VERDICT: Message("it was checked"),
    What.DECISION: Message("a decision, or one taken back"),
    What.REPORT: Message("a report"),
    What.ERASED: Message("it was erased or withdrawn"),
}
CHANGED = "It has changed since you loaded it. Here it is as it stands now."
GONE = "This comment is not there any more."
UNSETTLED = "It is being checked again. It comes back when that is done."
WITHDRAWN = "Its author has withdrawn it."


def when(moment_ms: int, now_ms: int, tongue: str) -> str:
    """Return how long ago something was."""
    delta = dt.timedelta(seconds=-max(0, now_ms - moment_ms) // 1000)
    return _ago(int(delta.total_seconds()), tongue)


def moment(moment_ms: int, tongue: str) -> str:
    """Return a time in full, UTC."""
    at = dt.datetime.fromtimestamp(moment_ms / 1000, dt.UTC)
    return f"{format_datetime(at, 'medium', locale=tongue)} UTC"


def person(actor: str) -> str:
    """Return the name of who acted, as colleagues know them."""
    return actor.partition(":")[2] or actor


def decided(actor: str, is_you: bool, at_ms: int, status: Status, now_ms: int, tongue: str) -> str:
    """Return who decided what, and when."""
    told = {"when": when(at_ms, now_ms, tongue), "status": STATUS_WORDS[status]}
    if is_you:
        return translate(Message("You decided this {when}: {status}.", **told), tongue)
    by = person(actor)
    return translate(Message("{who} decided this {when}: {status}.", who=by, **told), tongue)


def told_event(event: Event, tongue: str) -> str:
    """Return what happened to a comment, in a sentence."""
    return translate(_event(event), tongue)


def _event(event: Event) -> Message:
    who = person(event.actor)
    if event.kind is Kind.VERDICT and event.action:
        return Message("Checked: {what}", what=OUTCOME_NAMES[Action(event.action)])
    if event.kind is Kind.DECISION:
        status = STATUS_WORDS[Status(event.target)]
        if event.is_edited:
            return Message("{who} changed the words: {what}", who=who, what=status)
        return Message("{who} decided: {what}", who=who, what=status)
    if event.kind is Kind.UNDO:
        status = STATUS_WORDS[Status(event.target)]
        return Message("{who} took a decision back: {what} again", who=who, what=status)
    if event.kind is Kind.NOTE:
        return Message("Note by {who}", who=who)
    if event.kind is Kind.WEBHOOK:
        return _told_to_webhook(event)
    return EVENT_NAMES[event.kind]


def _told_to_webhook(event: Event) -> Message:
    what = WEBHOOK_NAMES.get(event.rule, Message("Test"))
    if event.target == Outcome.TOLD:
        return Message("A webhook was told: {what}", what=what)
    return Message("A webhook could not be told: {what}", what=what)


@lru_cache(maxsize=2048)
def _ago(seconds: int, tongue: str) -> str:
    return format_timedelta(dt.timedelta(seconds=seconds), add_direction=True, locale=tongue)
