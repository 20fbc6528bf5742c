"""Logging: one line an event, to stderr, as text or as JSON.

A line says which request, site and comment it is about, where that is known. It never holds
content, an e-mail or an IP address: of an exception it has the type and the place, not the
words, and of the values an event is logged with only those named in ``FIELDS``.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

from config.masking import causes, frames, masked
from config.settings import Settings

PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
NOISY = ("rq", "rq.worker", "rq.job", "rq.cron")
ACCESS = "ecluse.access"
FIELDS = (
    "request", "site", "comment", "trace", "method", "route", "status", "ms",
    "check", "part", "ban", "attempts", "error_type",
)  # fmt: skip
"""What a line may tell beside its message: names and numbers of ours."""

Source = Callable[[], Mapping[str, str]]
_context: ContextVar[Mapping[str, str]] = ContextVar("log context", default={})  # noqa: B039
_sources: list[Source] = [_context.get]


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Have every line logged within say which ``site`` or ``comment`` it is about."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def tell_from(source: Source) -> None:
    """Ask ``source``, too, what each line is about."""
    if source not in _sources:
        _sources.append(source)


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line is about: as it was logged, or else as its surroundings tell."""
    known: dict[str, Any] = {**facts_here(), **vars(record)}
    return {name: _plain(known[name]) for name in FIELDS if known.get(name) not in (None, "")}


def facts_here() -> dict[str, str]:
    """Return what is being worked on: request, site, comment."""
    known: dict[str, str] = {}
    for source in _sources:
        known.update(source())
    return known


class JsonLine(logging.Formatter):
    """Write a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, message, what it is about, and an exception's place."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "pid": record.process,
            "message": message_of(record),
            **facts_of(record),
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["error_type"] = type(error).__name__
            line["causes"] = causes(error)[1:]
            line["traceback"] = frames(error)
        return orjson.dumps(line, default=str).decode()


class TextLine(logging.Formatter):
    """Write a record for a person to read."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it where an exception passed."""
        record = logging.makeLogRecord({**vars(record), "msg": message_of(record), "args": ()})
        error = record.exc_info[1] if record.exc_info else None
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        facts = "".join(f" {name}={value}" for name, value in facts_of(record).items())
        told = f"{super().format(record)}{facts}"
        if error is None:
            return told
        places = "".join(f"\n  {place}" for place in frames(error))
        return f"{told}{places}\n  {' from '.join(causes(error))}"


def message_of(record: logging.LogRecord) -> str:
    """Return a record's message on one line, without addresses.

    RQ logs a failed task's traceback as text, whose last lines are the exception's words.
    """
    message = masked(record.getMessage())
    return message.partition("\n")[0] if record.name.startswith("rq") else message


def configure_log(settings: Settings) -> None:
    """Send log records to stderr in the form and from the level the settings name."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter_of(settings))
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def formatter_of(settings: Settings) -> logging.Formatter:
    """Return what writes the lines in the form the settings name."""
    return JsonLine() if settings.log_format == "json" else TextLine(PLAIN)


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float) else masked(str(value))
