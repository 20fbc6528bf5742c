"""`ecluse dead-letters`: comments set aside because no worker could finish them."""

from __future__ import annotations

import click

from service.cli.opening import open_here
from service.cli.output import Outcome, as_json, moment, print_json, print_outcome, print_page
from service.cli.queue import bell
from service.cli.values import SITE, either_ids_or_all

AT_ONCE = 500
NOT_SET_ASIDE = "not set aside"


@click.group("dead-letters")
def dead_letters() -> None:
    """List comments that were set aside; send them through the checks again, or leave them."""


@dead_letters.command("list")
@click.argument("site", type=SITE)
@click.option("--limit", type=click.IntRange(1, AT_ONCE), default=50, show_default=True,
              help="How many to list.")  # fmt: skip
@click.option("--cursor", default="", help="Where the page before ended, as it was told there.")
@as_json
def list_letters(site: str, limit: int, cursor: str, is_json: bool) -> None:
    """List SITE's dead letters, oldest first.

    Where there are more, the last line, on standard error, tells the cursor of the next page.
    """
    store = open_here()
    store.sites.get(site)
    found = store.decisions.dead_letter_page(site, limit, cursor)
    rows = [(x.comment_id, moment(x.at_ms), x.attempts, x.error) for x in found.letters]
    print_page(("comment", "at", "attempts", "error"), rows, found.cursor, is_json=is_json)


@dead_letters.command()
@click.argument("site", type=SITE)
@click.argument("ids", nargs=-1)
@as_json
def retry(site: str, ids: tuple[str, ...], is_json: bool) -> None:
    """Send SITE's oldest 500 dead letters, or those with these IDS, through the checks again.

    Exit code 1 when one of the IDS was not set aside; the others are sent all the same.
    """
    store = open_here()
    store.sites.get(site)
    wanted = ids or tuple(x.comment_id for x in store.decisions.dead_letters(site, AT_ONCE))
    sent = store.dead_letters.retry(site, wanted, "cli")
    if sent:
        bell().ring(site)
    missing = [comment_id for comment_id in wanted if comment_id not in sent]
    left = store.decisions.dead_letter_count(site)
    if is_json:
        print_json({"retried": sent, "unknown": missing, "left": left})
    else:
        click.echo(f"{len(sent)} sent through the checks again, {left} left")
    if missing:
        raise click.ClickException(f"{NOT_SET_ASIDE}: {', '.join(missing)}")


@dead_letters.command()
@click.argument("site", type=SITE)
@click.argument("ids", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="The oldest 500 instead of IDS.")
@as_json
def discard(site: str, ids: tuple[str, ...], is_all: bool, is_json: bool) -> None:
    """Take SITE's dead letters with these IDS off the list; they stay held for a moderator.

    Exit code 1 when one of the IDS was not set aside; the others are taken off all the same.
    """
    either_ids_or_all(ids, is_all=is_all)
    store = open_here()
    store.sites.get(site)
    wanted = ids or tuple(x.comment_id for x in store.decisions.dead_letters(site, AT_ONCE))
    done = store.dead_letters.discard(site, wanted, "cli")
    outcome = Outcome(ids, done, store.decisions.dead_letter_count(site))
    print_outcome(outcome, "discarded", NOT_SET_ASIDE, is_json=is_json)
