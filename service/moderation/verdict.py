"""A verdict: what becomes of a comment, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from service.moderation.signal import Attribute, Signal


class Action(StrEnum):
    """Name what the policy decided."""

    APPROVE = "approve"
    HOLD = "hold"
    REJECT = "reject"
    SPAM = "spam"


class Status(StrEnum):
    """Name where a comment stands."""

    RECEIVED = "received"
    APPROVED = "approved"
    HELD = "held"
    REJECTED = "rejected"
    SPAM = "spam"
    DELETED = "deleted"


class Stage(StrEnum):
    """Name a model that spoke of a comment's words, or should have and could not."""

    LINEAR = "linear"
    ENCODER = "encoder"
    ENCODER_FAILED = "encoder failed"
    REMOTE = "remote"
    REMOTE_SKIPPED = "remote skipped"


STATUS_AFTER = {
    Action.APPROVE: Status.APPROVED,
    Action.HOLD: Status.HELD,
    Action.REJECT: Status.REJECTED,
    Action.SPAM: Status.SPAM,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold the policy's answer for one comment.

    ``rule`` names the policy rule that fired, ``attribute`` and ``threshold`` what
    it compared when it compared a score. ``unscreened`` names every check that
    could not judge the comment. ``lang`` is the language it is written in, ISO 639-1,
    empty when nothing says; where ``is_lang_served`` is false, the tone models have
    not learned that language, and only signals that hold in any language were found.
    ``stages`` names the models (``Stage``) that spoke of its words, in order. ``log_only``
    names the checks whose signals are kept and weighed nothing, being on trial.
    ``approved_before`` is how many of the author's comments had been approved by then.
    """

    action: Action
    rule: str
    scores: Mapping[Attribute, float] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()
    unscreened: tuple[str, ...] = ()
    attribute: Attribute | None = None
    threshold: float | None = None
    lang: str = ""
    is_lang_served: bool = True
    stages: tuple[str, ...] = ()
    log_only: tuple[str, ...] = ()
    approved_before: int | None = None

    @property
    def weighing(self) -> tuple[Signal, ...]:
        """Return the signals that the policy listened to."""
        if not self.log_only:
            return self.signals
        return tuple(signal for signal in self.signals if signal.check not in self.log_only)

    @property
    def status(self) -> Status:
        """Return the status a comment takes when this verdict settles it."""
        return STATUS_AFTER[self.action]
