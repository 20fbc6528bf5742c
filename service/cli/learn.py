"""`ecluse learn`: what a site has learned from its moderators, and how to make it forget."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from service.cli.opening import BY, open_here
from service.cli.output import as_json, print_fields, print_json
from service.cli.values import SITE, Parsed

KINDS = {(-1, -1): "approved", (1, 0): "spam", (0, 1): "rejected"}


def moment(text: str) -> float:
    """Return a time in seconds since the epoch from ISO 8601; without a zone it is UTC.

    Raises ``ValueError``.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time reads 2026-11-24 or 2026-11-24T15:30") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


MOMENT = Parsed("time", moment)
is_sure: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--yes", "is_sure", is_flag=True, help="Do not ask."
)


@click.group()
def learn() -> None:
    """Show what a site learned from its moderators, or make it forget."""


@learn.command()
@click.argument("site", type=SITE)
@as_json
def status(site: str, is_json: bool) -> None:
    """Show how much SITE has learned, from whom, and whether anything waits to be learned."""
    store = open_here()
    store.sites.get(site)
    state = store.learned.state(site)
    lessons = store.learned.lessons(site).values()
    data = {
        "lessons": state.lessons,
        "kinds": dict(Counter(KINDS.get(lesson.teaching.guilt, "other") for lesson in lessons)),
        "teachers": dict(Counter(lesson.actor for lesson in lessons).most_common()),
        "oldest": _time(min((lesson.at_s for lesson in lessons), default=0)),
        "newest": _time(max((lesson.at_s for lesson in lessons), default=0)),
        "waiting": state.waiting,
        "layer_made_at": _time(state.made_at),
        "layer_bytes": state.layer_bytes,
        "is_up_to_date": not state.waiting and state.taught == state.made_of,
    }
    if is_json:
        print_json(data)
    else:
        print_fields(data)


@learn.command()
@click.argument("site", type=SITE)
@is_sure
@as_json
def reset(site: str, is_sure: bool, is_json: bool) -> None:
    """Make SITE forget everything it has learned. Comments and decisions stay as they are."""
    store = open_here()
    store.sites.get(site)
    if not is_sure:
        click.confirm(f"Forget everything {site} has learned?", abort=True, err=True)
    _print_forgotten(store.learned.reset(site, BY, time.time()), is_json)


@learn.command()
@click.argument("site", type=SITE)
@click.option("--actor", required=True, metavar="NAME",
              help="Account, or key:ID, whose decisions are to be unlearned.")  # fmt: skip
@click.option("--since", type=MOMENT, default=0.0,
              help="Only decisions from this time on (ISO 8601, UTC). Default: all.")  # fmt: skip
@as_json
def rollback(site: str, actor: str, since: float, is_json: bool) -> None:
    """Make SITE forget what one moderator taught it. The decisions themselves stay."""
    store = open_here()
    store.sites.get(site)
    name = actor if ":" in actor else f"account:{actor}"
    _print_forgotten(store.learned.rollback(site, name, since, BY, time.time()), is_json)


def _print_forgotten(count: int, is_json: bool) -> None:
    if is_json:
        print_json({"forgotten": count})
    else:
        click.echo(f"lessons forgotten: {count}")


def _time(at_s: float) -> str | None:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="seconds") if at_s else None
