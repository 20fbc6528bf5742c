"""`ecluse keys`: make, list, rotate and revoke a site's API keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from service.cli.opening import open_here, operator
from service.cli.output import as_json, print_fields, print_json, print_table
from service.cli.values import DURATION, SITE
from service.store.sites import ApiKey, Scope

SCOPES = [scope.value for scope in Scope]


@click.group()
def keys() -> None:
    """Make, list, rotate and revoke a site's API keys."""


@keys.command()
@click.argument("site", type=SITE)
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True,
              default=SCOPES[:1], show_default=True,
              help="What the key may do; repeatable.")  # fmt: skip
@click.option("--label", default="", help="A word to know the key by.")
@as_json
def create(site: str, scopes: tuple[str, ...], label: str, is_json: bool) -> None:
    """Make a key for SITE. Its token is shown this once."""
    key, token = open_here().sites.create_key(
        site, label, frozenset(map(Scope, scopes)), operator()
    )
    _print_once(site, key, token, is_json)


@keys.command("list")
@click.argument("site", type=SITE)
@as_json
def list_keys(site: str, is_json: bool) -> None:
    """List SITE's keys, oldest first; tokens are not kept and cannot be shown."""
    found = sorted(open_here().sites.get(site).keys.values(), key=lambda key: key.created_at)
    if is_json:
        print_json([_data(site, key) for key in found])
        return
    rows = [
        (key.id, sorted(key.scopes), key.label, _time(key.created_at), _time(_end_of(key)))
        for key in found
    ]
    print_table(("ID", "SCOPES", "LABEL", "CREATED", "ENDS"), rows)


@keys.command()
@click.argument("site", type=SITE)
@click.argument("key_id")
@click.option("--overlap", "overlap_s", type=DURATION, default="0",
              help="How long the old key stays good: 0, 30m, 24h, 7d.")  # fmt: skip
@as_json
def rotate(site: str, key_id: str, overlap_s: int, is_json: bool) -> None:
    """Replace key KEY_ID of SITE: the old one ends, the new token is shown this once."""
    key, token = open_here().sites.rotate_key(site, key_id, overlap_s, operator())
    _print_once(site, key, token, is_json)


@keys.command()
@click.argument("site", type=SITE)
@click.argument("key_id")
@as_json
def revoke(site: str, key_id: str, is_json: bool) -> None:
    """End key KEY_ID of SITE for good; web processes notice within two seconds."""
    key = open_here().sites.revoke_key(site, key_id, operator())
    if is_json:
        print_json(_data(site, key))
    else:
        click.echo(f"key {key.id} of {site} is revoked")


def _print_once(site: str, key: ApiKey, token: str, is_json: bool) -> None:
    data = {**_data(site, key), "token": token}
    if is_json:
        print_json(data)
        return
    print_fields({name: data[name] for name in ("id", "scopes", "label", "token")})
    click.echo("\nKeep the token: it is not shown again.")


def _data(site: str, key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "site": site,
        "label": key.label,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
        "expires_at": key.expires_at,
    }


def _end_of(key: ApiKey) -> float | None:
    return key.expires_at if key.revoked_at is None else key.revoked_at


def _time(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
