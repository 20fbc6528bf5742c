"""Errors to Sentry, where a project is named: which, where, about whose comment; not its words.

The SDK is imported only then. Whatever it gathers, an event is made anew from the few things
that may leave: no request, no body, no local variable, no breadcrumb, no message of an
exception.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from config.log import FIELDS, facts_here, facts_of
from config.masking import masked
from config.settings import Settings, SettingsInvalid
from service.extras import require_extras

KEPT = ("event_id", "timestamp", "level", "platform", "logger", "release", "server_name", "sdk")
KEPT_OF_FRAME = (
    "filename", "abs_path", "module", "function", "lineno", "in_app",
    "context_line", "pre_context", "post_context",
)  # fmt: skip
FLUSH_WITHIN_S = 2.0

Event = Mapping[str, Any]


def report_errors(settings: Settings) -> None:
    """Report from now on what this process, and any it forks, logs as an error.

    Does nothing where no project is named. Raises ``SettingsInvalid``.
    """
    if not settings.sentry_dsn:
        return
    require_extras(settings)
    import sentry_sdk
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.integrations.rq import RqIntegration
    from sentry_sdk.utils import BadDsn

    def only_what_may_leave(event: Any, hint: dict[str, Any]) -> Any:
        return stripped(event, hint)

    try:
        sentry_sdk.init(
            dsn=settings.sentry_dsn,
            release=f"ecluse@{version('ecluse')}",
            data_collection={
                "user_info": False,
                "http_bodies": [],
                "queues": False,
                "database_query_data": False,
                "stack_frame_variables": False,
            },
            before_send=only_what_may_leave,
            default_integrations=False,
            auto_enabling_integrations=False,
            integrations=[LoggingIntegration(), RqIntegration()],
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
        )
    except BadDsn:
        raise SettingsInvalid("ECLUSE_SENTRY_DSN: this is no address of a project") from None


def flush_reports(settings: Settings) -> None:
    """Send what has not been sent, before the process ends."""
    if settings.sentry_dsn:
        import sentry_sdk

        sentry_sdk.flush(FLUSH_WITHIN_S)


def stripped(event: Event, hint: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event made of what may leave."""
    kept = {name: event[name] for name in KEPT if name in event}
    record = hint.get("log_record")
    facts = facts_of(record) if record else facts_here()
    kept["tags"] = {name: str(facts[name]) for name in FIELDS if name in facts}
    if "logentry" in event:
        template = str(event["logentry"].get("message", ""))
        kept["logentry"] = {"message": masked(template.partition("\n")[0])}
    if "exception" in event:
        values = event["exception"].get("values", ())
        kept["exception"] = {"values": [_exception(value) for value in values]}
    return kept


def _exception(value: Event) -> dict[str, Any]:
    found = (value.get("stacktrace") or {}).get("frames", ())
    frames = [{name: frame[name] for name in KEPT_OF_FRAME if name in frame} for frame in found]
    mechanism = value.get("mechanism") or {}
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": "",
        "mechanism": {
            name: mechanism[name]
            for name in ("type", "handled", "exception_id", "parent_id")
            if name in mechanism
        },
        "stacktrace": {"frames": frames},
    }
