"""What can go wrong, as exceptions: the service's problems (RFC 9457), and no answer at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TYPE = "urn:ecluse:problem:"


class EcluseError(Exception):
    """Say that something did not come about."""


class Unreachable(EcluseError):
    """Say that no answer came: no connection, or it broke, or the time was up."""


class NoVerdict(EcluseError):
    """Say that a comment's verdict was not known in the time allowed."""


class Refused(EcluseError):
    """Hold a problem the service answered with.

    ``kind`` is stable, ``title`` and ``detail`` are sentences in the client's language,
    ``errors`` has one for each field that is wrong, ``request_id`` is also in the service's
    log, ``retry_after_s`` says when another try may do better, 0 where nothing is said.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float = 0.0) -> None:
        self.status = status
        self.kind = str(problem.get("type", "")).removeprefix(TYPE)
        self.title = str(problem.get("title", ""))
        self.detail = str(problem.get("detail", ""))
        self.errors: dict[str, str] = dict(problem.get("errors") or {})
        self.request_id = str(problem.get("request_id", ""))
        self.retry_after_s = retry_after_s
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        fields = [f"{name}: {message}" for name, message in self.errors.items()]
        return " ".join(filter(None, (f"{self.status} {self.kind}:", self.title, *fields)))


class Invalid(Refused):
    """Say that fields need another look: see ``errors``."""


class Nudged(Refused):
    """Ask the author, before a comment is kept, whether it should be put another way.

    ``reasons`` says why; sent again with ``nudge_token`` it is taken as it is.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float = 0.0) -> None:
        super().__init__(status, problem, retry_after_s)
        self.reasons = tuple(map(str, problem.get("reasons") or ()))
        self.nudge_token = str(problem.get("nudge_token", ""))


class NotAllowed(Refused):
    """Say that the key is not known, or may not do this, or that an author is banned."""


class NotFound(Refused):
    """Say that there is no such site or comment."""


class Conflict(Refused):
    """Say that somebody was faster, or that the time for it is over."""


class TooMany(Refused):
    """Say that a limit is used up: see ``retry_after_s``."""


class Unavailable(Refused):
    """Say that the service cannot keep anything safe just now: see ``retry_after_s``."""


_BY_STATUS: Mapping[int, type[Refused]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: Invalid,
    429: TooMany,
    503: Unavailable,
}


def refusal(status: int, problem: Mapping[str, Any], retry_after_s: float) -> Refused:
    """Return the exception for a problem."""
    is_nudge = problem.get("type") == f"{TYPE}nudge"
    kind = Nudged if is_nudge else _BY_STATUS.get(status, Refused)
    return kind(status, problem, retry_after_s)
