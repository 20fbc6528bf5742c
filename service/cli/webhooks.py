"""`ecluse webhooks`: make, list, rotate and delete a site's webhooks, and tell them again."""

from __future__ import annotations

import time
from typing import Any

import click

from config.settings import Settings
from service.cli.opening import open_here, operator
from service.cli.output import as_json, print_fields, print_json, print_table
from service.cli.values import DURATION, SITE
from service.schemas.webhooks import shown_attempt, shown_dead, shown_webhook, webhook_url
from service.store.webhooks.deliveries import Health
from service.store.webhooks.webhooks import Webhook, What

EVENTS = [what.value for what in What]
MOST_DEAD_SHOWN = 100


@click.group()
def webhooks() -> None:
    """Make, list, rotate and delete a site's webhooks, and tell them again what they missed."""


@webhooks.command("list")
@click.argument("site", type=SITE)
@as_json
def list_webhooks(site: str, is_json: bool) -> None:
    """List SITE's webhooks, oldest first, and how they do; secrets are not shown."""
    store = open_here()
    store.sites.get(site)
    found = [(each, store.deliveries.health(site, each)) for each in store.webhooks.of(site)]
    if is_json:
        print_json([shown_webhook(each, health) for each, health in found])
        return
    rows = [
        (each.id, each.name, _state(each, health), health.told, health.waiting, health.dead)
        for each, health in found
    ]
    print_table(("ID", "NAME", "STATE", "TOLD", "WAITING", "GIVEN UP"), rows)


@webhooks.command()
@click.argument("site", type=SITE)
@click.argument("url")
@click.option("--event", "events", type=click.Choice(EVENTS), multiple=True, default=EVENTS,
              help="What it is told; repeatable. All, where none is named.")  # fmt: skip
@click.option("--label", default="", help="A word to know the webhook by.")
@as_json
def create(site: str, url: str, events: tuple[str, ...], label: str, is_json: bool) -> None:
    """Have SITE's events posted to URL. The secret is shown this once."""
    may_be_private = Settings.from_environment().private_targets
    try:
        target = webhook_url(url, may_be_private=may_be_private)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="URL") from None
    made = open_here().webhooks.create(site, target, list(map(What, events)), label, operator())
    _print_once(*made, is_json)


@webhooks.command()
@click.argument("site", type=SITE)
@click.argument("webhook_id")
@click.option("--overlap", "overlap_s", type=DURATION, default="24h", show_default=True,
              help="How long the old secret signs too: 0, 30m, 24h, 7d.")  # fmt: skip
@as_json
def rotate(site: str, webhook_id: str, overlap_s: int, is_json: bool) -> None:
    """Give webhook WEBHOOK_ID of SITE another secret, shown this once."""
    _print_once(*open_here().webhooks.rotate(site, webhook_id, overlap_s, operator()), is_json)


@webhooks.command("enable")
@click.argument("site", type=SITE)
@click.argument("webhook_id")
@as_json
def enable(site: str, webhook_id: str, is_json: bool) -> None:
    """Turn webhook WEBHOOK_ID of SITE on again; what waits for it is told first."""
    webhook = open_here().webhooks.turn_on(site, webhook_id, operator())
    if is_json:
        print_json(shown_webhook(webhook))
    else:
        click.echo(f"webhook {webhook.id} of {site} is on")


@webhooks.command()
@click.argument("site", type=SITE)
@click.argument("webhook_id")
@as_json
def delete(site: str, webhook_id: str, is_json: bool) -> None:
    """Delete webhook WEBHOOK_ID of SITE with all that waits for it."""
    open_here().webhooks.delete(site, webhook_id, operator())
    if is_json:
        print_json({"deleted": webhook_id})
    else:
        click.echo(f"webhook {webhook_id} of {site} is deleted")


@webhooks.command()
@click.argument("site", type=SITE)
@click.argument("webhook_id")
@as_json
def deliveries(site: str, webhook_id: str, is_json: bool) -> None:
    """Show the last attempts to tell WEBHOOK_ID of SITE something, and what was given up."""
    store = open_here()
    webhook = store.webhooks.get(site, webhook_id)
    recent = [shown_attempt(each) for each in store.deliveries.recent(site, webhook)]
    dead = [shown_dead(each) for each in store.deliveries.dead(site, webhook, MOST_DEAD_SHOWN)]
    if is_json:
        print_json({"recent": recent, "dead": dead})
        return
    rows = [[each[name] for name in _COLUMNS.values()] for each in (*recent, *dead)]
    print_table(tuple(_COLUMNS), rows)


@webhooks.command()
@click.argument("site", type=SITE)
@click.argument("webhook_id")
@click.argument("event", required=False)
@click.option("--all", "is_all", is_flag=True, help="Everything that was given up.")
@as_json
def replay(site: str, webhook_id: str, event: str | None, is_all: bool, is_json: bool) -> None:
    """Tell WEBHOOK_ID of SITE again of EVENT, or of everything that was given up.

    A worker does it within some seconds.
    """
    if (event is None) != is_all:
        raise click.UsageError("name either an EVENT (see `ecluse webhooks deliveries`) or --all")
    store = open_here()
    webhook, now_ms = store.webhooks.get(site, webhook_id), time.time_ns() // 1_000_000
    if event is None:
        count = store.deliveries.replay_all(site, webhook, now_ms)
    elif store.deliveries.replay(site, webhook, event, now_ms):
        count = 1
    else:
        raise click.ClickException(f"no event {event!r} of this webhook is known any more")
    if is_json:
        print_json({"replayed": count})
    else:
        click.echo(f"{count} on the way")


_COLUMNS = {
    "EVENT": "event",
    "TYPE": "type",
    "COMMENT": "comment",
    "AT": "at",
    "OUTCOME": "outcome",
    "ANSWER": "said",
    "TRIES": "tries",
}


def _print_once(webhook: Webhook, secret: str, is_json: bool) -> None:
    data: dict[str, Any] = {**shown_webhook(webhook), "secret": secret}
    if is_json:
        print_json(data)
        return
    print_fields({name: data[name] for name in ("id", "url", "label", "events", "secret")})
    click.echo("\nKeep the secret: it is not shown again.")


def _state(webhook: Webhook, health: Health) -> str:
    if webhook.off is not None:
        return f"off ({webhook.off})"
    return "failing" if health.failures else "on"
