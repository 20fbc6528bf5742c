"""Logging for the processes that are not the web server: one line an event, to stderr."""

from __future__ import annotations

import logging
import sys

import orjson

from config.settings import Settings

PLAIN = "%(asctime)s %(levelname)s %(name)s: %(message)s"
NOISY = ("rq", "rq.worker", "rq.job", "rq.cron")


class JsonLine(logging.Formatter):
    """Write a record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's time, level, logger and message, and an exception's type."""
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info and record.exc_info[0]:
            line["error_type"] = record.exc_info[0].__name__
        return orjson.dumps(line).decode()


def configure_log(settings: Settings) -> None:
    """Send log records to stderr in the form and from the level the settings name."""
    handler = logging.StreamHandler(sys.stderr)
    is_json = settings.log_format == "json"
    handler.setFormatter(JsonLine() if is_json else logging.Formatter(PLAIN))
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
