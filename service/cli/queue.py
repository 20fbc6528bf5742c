"""`ecluse queue` and `ecluse requeue`: what waits, and sending it through the checks again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from config.settings import Settings
from service.cli.opening import open_here
from service.cli.output import as_json, print_json, print_table
from service.cli.values import SITE
from service.store.comments import CommentUnknown
from service.store.doorbell import MAINTENANCE_QUEUE, MODERATE_QUEUE, Doorbell
from service.store.server.connection import connect
from service.store.server.embedded import server_urls
from service.store.store import Store

COLUMNS = (
    "site", "inbox", "oldest_s", "held", "unscreened", "reported", "appeals", "dead_letters",
)  # fmt: skip
AT_ONCE = 200


@click.command()
@click.argument("sites", type=SITE, nargs=-1)
@as_json
def queue(sites: tuple[str, ...], is_json: bool) -> None:
    """Count what waits on SITES, or on all: for a check, a moderator, an operator.

    INBOX is what no check has seen and OLDEST_S for how long; the rest waits for people.
    Below stand the jobs that wait in RQ.
    """
    store = open_here()
    rows = [_counted(store, name) for name in sites or store.sites.names()]
    jobs = _jobs()
    if is_json:
        print_json({"sites": rows, "rq": jobs})
        return
    names = [name.upper() for name in COLUMNS]
    print_table(names, [[row[name] for name in COLUMNS] for row in rows])
    click.echo(f"\nRQ: {', '.join(f'{name} {count}' for name, count in jobs.items())}")


@click.command()
@click.argument("site", type=SITE)
@click.argument("ids", nargs=-1)
@click.option("--dead-letters", "is_dead_only", is_flag=True,
              help="Only what was set aside because no worker survived it.")  # fmt: skip
@as_json
def requeue(site: str, ids: tuple[str, ...], is_dead_only: bool, is_json: bool) -> None:
    """Send SITE's held comments that some check could not judge through the checks again.

    Dead letters are among them. With IDS only those; exit code 1 when one of them is not
    held unscreened. What a moderator decided on stays where it is.
    """
    store = open_here()
    store.sites.get(site)
    sent = _sent(store, site, ids) if ids else _all_sent(store, site, is_dead_only)
    if sent:
        bell().ring(site)
    missing = [comment_id for comment_id in ids if comment_id not in sent]
    if is_json:
        print_json({"requeued": len(sent), "ids": sent, "unknown": missing})
    else:
        click.echo(f"{len(sent)} sent through the checks again")
    if missing:
        raise click.ClickException(f"not held unscreened: {', '.join(missing)}")


def bell() -> Doorbell:
    """Return the bell that wakes workers."""
    return Doorbell(_rq())


def _rq() -> Redis:
    connection = connect(server_urls(Settings.from_environment()).queue)
    assert isinstance(connection, Redis)  # noqa: S101  server_urls refuses clusters
    return connection


def _counted(store: Store, site: str) -> dict[str, Any]:
    store.sites.get(site)
    counters, waiting = store.decisions.counts(site), store.queue.counts(site)
    oldest_ms = store.inbox.oldest_ms(site)
    return {
        "site": site,
        "inbox": store.inbox.depth(site),
        "oldest_s": max(0, round(time.time() - oldest_ms / 1000)) if oldest_ms else 0,
        "held": waiting.held,
        "unscreened": waiting.unscreened,
        "reported": waiting.reported,
        "appeals": store.appeals.count(site),
        "dead_letters": store.decisions.dead_letter_count(site),
        "statuses": {
            name.removeprefix("status."): count
            for name, count in sorted(counters.items())
            if name.startswith("status.")
        },
    }


def _jobs() -> dict[str, int | None]:
    """Return the jobs that wait in each RQ queue; None where its server does not answer."""
    try:
        connection = _rq()
        queues = [
            Queue(name, connection=connection, serializer=JSONSerializer)
            for name in (MODERATE_QUEUE, MAINTENANCE_QUEUE)
        ]
        return {each.name: each.count for each in queues}
    except (RedisError, OSError):
        return dict.fromkeys((MODERATE_QUEUE, MAINTENANCE_QUEUE))


def _all_sent(store: Store, site: str, is_dead_only: bool) -> list[str]:
    now_ms = time.time_ns() // 1_000_000
    runs = store.queue.unscreened(site, now_ms, AT_ONCE, is_dead_only=is_dead_only)
    return [comment_id for ids in runs for comment_id in _sent(store, site, ids)]


def _sent(store: Store, site: str, ids: Sequence[str]) -> list[str]:
    sent = []
    for record in store.comments.get_many(site, list(dict.fromkeys(ids))):
        try:
            store.comments.rescreen(record)
        except CommentUnknown:
            continue
        sent.append(record.comment.id)
    return sent
