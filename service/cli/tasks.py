"""`ecluse tasks`: the tasks of RQ that failed."""

from __future__ import annotations

from collections.abc import Callable

import click

from service.cli.measuring import telemetry_of
from service.cli.opening import BY, open_here
from service.cli.output import Outcome, as_json, moment, print_outcome, print_page
from service.cli.values import either_ids_or_all
from service.store.telemetry.failures import MOST_AT_ONCE, QUEUES

NOT_FAILED = "not among the failed tasks"

of_queue: Callable[[Callable[..., None]], Callable[..., None]] = click.option(
    "--queue", type=click.Choice(QUEUES), help="Only those of this RQ queue."
)
of_all = click.option("--all", "is_all", is_flag=True, help="The oldest 500 instead of IDS.")


@click.group()
def tasks() -> None:
    """List tasks that failed, enqueue them again, or forget them."""


@tasks.command("list")
@of_queue
@click.option("--limit", type=click.IntRange(1, MOST_AT_ONCE), default=50, show_default=True,
              help="How many to list.")  # fmt: skip
@click.option("--cursor", default="", help="Where the page before ended, as it was told there.")
@as_json
def list_tasks(queue: str | None, limit: int, cursor: str, is_json: bool) -> None:
    """List failed tasks, newest first.

    Where there are more, the last line, on standard error, tells the cursor of the next page.
    """
    found = telemetry_of(open_here()).failed_tasks(cursor, limit, queue or "")
    rows = [
        (x.id, x.queue, x.function, x.site, moment(x.failed_at_ms), x.attempts, x.error)
        for x in found.tasks
    ]
    columns = ("id", "queue", "function", "site", "at", "attempts", "error")
    print_page(columns, rows, found.cursor, is_json=is_json)


@tasks.command()
@click.argument("ids", nargs=-1)
@of_all
@of_queue
@as_json
def retry(ids: tuple[str, ...], is_all: bool, queue: str | None, is_json: bool) -> None:
    """Enqueue the failed tasks with these IDS again.

    Exit code 1 when one of the IDS is no failed task's; the others are enqueued all the same.
    """
    either_ids_or_all(ids, is_all=is_all)
    telemetry = telemetry_of(open_here())
    done = telemetry.retry_every_task(BY, queue or "") if is_all else telemetry.retry_tasks(ids, BY)
    outcome = Outcome(ids, done.done, done.left)
    print_outcome(outcome, "enqueued again", NOT_FAILED, is_json=is_json)


@tasks.command()
@click.argument("ids", nargs=-1)
@of_all
@of_queue
@as_json
def discard(ids: tuple[str, ...], is_all: bool, queue: str | None, is_json: bool) -> None:
    """Forget the failed tasks with these IDS.

    Exit code 1 when one of the IDS is no failed task's; the others are forgotten all the same.
    """
    either_ids_or_all(ids, is_all=is_all)
    telemetry = telemetry_of(open_here())
    if is_all:
        done = telemetry.discard_every_task(BY, queue or "")
    else:
        done = telemetry.discard_tasks(ids, BY)
    print_outcome(Outcome(ids, done.done, done.left), "discarded", NOT_FAILED, is_json=is_json)
