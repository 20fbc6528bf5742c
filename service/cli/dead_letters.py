"""`ecluse dead-letters`: comments set aside because no worker could finish them."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from service.cli.opening import open_here
from service.cli.output import as_json, print_json, print_table
from service.cli.queue import bell
from service.cli.values import SITE

AT_ONCE = 500


@click.group("dead-letters")
def dead_letters() -> None:
    """List comments that were set aside, and send them through the checks again."""


@dead_letters.command("list")
@click.argument("site", type=SITE)
@click.option("--limit", type=click.IntRange(1, AT_ONCE), default=50, show_default=True,
              help="How many to list.")  # fmt: skip
@as_json
def list_letters(site: str, limit: int, is_json: bool) -> None:
    """List SITE's dead letters, oldest first."""
    store = open_here()
    store.sites.get(site)
    letters = store.decisions.dead_letters(site, limit)
    rows = [(x.comment_id, _time(x.at_ms), x.attempts, x.error) for x in letters]
    columns = ("comment", "at", "attempts", "error")
    if is_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table([column.upper() for column in columns], rows)


@dead_letters.command()
@click.argument("site", type=SITE)
@click.argument("ids", nargs=-1)
@as_json
def retry(site: str, ids: tuple[str, ...], is_json: bool) -> None:
    """Send SITE's dead letters, or those with these IDS, through the checks again.

    Exit code 1 when one of the IDS was not set aside; the others are sent all the same.
    """
    store = open_here()
    store.sites.get(site)
    wanted = ids or tuple(x.comment_id for x in store.decisions.dead_letters(site, AT_ONCE))
    sent = store.dead_letters.retry(site, wanted, "cli")
    if sent:
        bell().ring(site)
    missing = [comment_id for comment_id in wanted if comment_id not in sent]
    if is_json:
        print_json({"retried": sent, "unknown": missing})
    else:
        click.echo(f"{len(sent)} sent through the checks again")
    if missing:
        raise click.ClickException(f"not set aside: {', '.join(missing)}")


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
