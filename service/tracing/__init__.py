"""Traces over a comment's way: what the web process and the workers say, and to nobody by default.

Nothing here imports OpenTelemetry; service/tracing/telling.py does, where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class TracedBatch(Protocol):
    """Take the verdicts of a batch that is being traced."""

    def judged(self, trace: str, comment_id: str, status: str) -> None:
        """Add a comment's verdict to the comment's own trace, if it has one."""


class Tracing(Protocol):
    """Tell where time goes. A trace holds names, ids and numbers; never content or addresses."""

    is_on: bool

    def wrap(self, app: Wsgi) -> Wsgi:
        """Return the application with a span for each request."""

    def describe(self, name: str, facts: Mapping[str, str | int]) -> None:
        """Name the request's span, once it is known what it is about."""

    def span(self, name: str) -> AbstractContextManager[object]:
        """Return a step of the work in hand."""

    def carried(self) -> str:
        """Return the current trace as a ``traceparent``, or nothing where none is recorded."""

    def batch(self, site: str, traces: Sequence[str]) -> AbstractContextManager[TracedBatch]:
        """Return the review of comments that bring their own traces."""

    def about(self) -> Mapping[str, str]:
        """Return what a log line says of the current trace."""

    def flush(self) -> None:
        """Send what has not been sent."""

    def close(self) -> None:
        """Send what has not been sent; the process ends."""


class Untraced:
    """Tell nobody, at the price of a call."""

    is_on = False
    _nothing: AbstractContextManager[None] = nullcontext()

    def wrap(self, app: Wsgi) -> Wsgi:
        """Return the application."""
        return app

    def describe(self, name: str, facts: Mapping[str, str | int]) -> None:
        """Do nothing."""

    def span(self, name: str) -> AbstractContextManager[object]:  # noqa: ARG002
        """Return a context that does nothing."""
        return self._nothing

    def carried(self) -> str:
        """Return nothing."""
        return ""

    def batch(self, site: str, traces: Sequence[str]) -> AbstractContextManager[TracedBatch]:  # noqa: ARG002
        """Return a context that takes verdicts and does nothing."""
        return nullcontext(self)

    def judged(self, trace: str, comment_id: str, status: str) -> None:
        """Do nothing."""

    def about(self) -> Mapping[str, str]:
        """Return nothing."""
        return {}

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


NO_TRACING = Untraced()
