"""`ecluse keys`: make, list, rotate and revoke a site's API keys."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TextIO

import click

from service.cli.opening import open_here, operator
from service.cli.output import as_json, print_fields, print_json, print_table
from service.cli.values import DURATION, SITE
from service.store.doors.door_keys import GIVEN, LONGEST_KEY, Door, DoorKey
from service.store.sites import ApiKey, KeyUnknown, Scope

MISPLACED = "--secret-file goes with `--for coral`, whose keys Coral makes"
SCOPES = [scope.value for scope in Scope]


@click.group()
def keys() -> None:
    """Make, list, rotate and revoke a site's API keys."""


@keys.command()
@click.argument("site", type=SITE)
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True,
              default=SCOPES[:1], show_default=True,
              help="What the key may do; repeatable.")  # fmt: skip
@click.option("--for", "door", type=click.Choice([door.value for door in Door]),
              help="A key for the door that speaks this API, instead of our own.")  # fmt: skip
@click.option("--secret-file", type=click.File("r"),
              help="With `--for coral`: the secret that Coral made; `-`: typed.")  # fmt: skip
@click.option("--label", default="", help="A word to know the key by.")
@as_json
def create(
    site: str,
    scopes: tuple[str, ...],
    door: str | None,
    secret_file: TextIO | None,
    label: str,
    is_json: bool,
) -> None:
    """Make a key for SITE. Its token is shown this once."""
    if door is not None:
        _create_for(site, Door(door), secret_file, label, is_json)
        return
    if secret_file is not None:
        raise click.UsageError(MISPLACED)
    key, token = open_here().sites.create_key(
        site, label, frozenset(map(Scope, scopes)), operator()
    )
    _print_once(site, key, token, is_json)


def _create_for(
    site: str, door: Door, secret_file: TextIO | None, label: str, is_json: bool
) -> None:
    """Make a key for a door, or keep the one that the other side has made."""
    if (door in GIVEN) != (secret_file is not None):
        raise click.UsageError(MISPLACED)
    door_keys = open_here().door_keys
    if secret_file is None:
        made, secret = door_keys.create(site, door, label, operator())
        _print_door_key_once(made, secret, is_json)
        return
    given = secret_file.read().strip()
    if not 0 < len(given) <= LONGEST_KEY:
        raise click.UsageError(f"a signing secret has 1 to {LONGEST_KEY} characters")
    kept = _door_data(door_keys.take(site, door, given, label, operator()))
    if is_json:
        print_json(kept)
    else:
        print_fields({name: kept[name] for name in ("id", "for", "label")})


@keys.command("list")
@click.argument("site", type=SITE)
@as_json
def list_keys(site: str, is_json: bool) -> None:
    """List SITE's keys, oldest first; tokens are not kept and cannot be shown."""
    store = open_here()
    found = sorted(store.sites.get(site).keys.values(), key=lambda key: key.created_at)
    doors = store.door_keys.of_site(site)
    if is_json:
        print_json([*(_data(site, key) for key in found), *map(_door_data, doors)])
        return
    rows: list[tuple[str, list[str], str, str, str]] = [
        (
            key.id,
            [scope.value for scope in sorted(key.scopes)],
            key.label,
            _time(key.created_at),
            _time(key.ends_at),
        )
        for key in found
    ]
    rows += [
        (key.id, [f"for {key.door}"], key.label, _time(key.created_at), _time(key.ends_at))
        for key in doors
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
    store = open_here()
    try:
        key, token = store.sites.rotate_key(site, key_id, overlap_s, operator())
    except KeyUnknown:
        made, secret = store.door_keys.rotate(site, key_id, overlap_s, operator())
        _print_door_key_once(made, secret, is_json)
        return
    _print_once(site, key, token, is_json)


@keys.command()
@click.argument("site", type=SITE)
@click.argument("key_id")
@as_json
def revoke(site: str, key_id: str, is_json: bool) -> None:
    """End key KEY_ID of SITE for good; web processes notice within two seconds."""
    store = open_here()
    try:
        data = _data(site, store.sites.revoke_key(site, key_id, operator()))
    except KeyUnknown:
        data = _door_data(store.door_keys.revoke(site, key_id, operator()))
    if is_json:
        print_json(data)
    else:
        click.echo(f"key {key_id} of {site} is revoked")


def _print_once(site: str, key: ApiKey, token: str, is_json: bool) -> None:
    data = {**_data(site, key), "token": token}
    if is_json:
        print_json(data)
        return
    print_fields({name: data[name] for name in ("id", "scopes", "label", "token")})
    click.echo("\nKeep the token: it is not shown again.")


def _print_door_key_once(key: DoorKey, token: str, is_json: bool) -> None:
    data = {**_door_data(key), "token": token}
    if is_json:
        print_json(data)
        return
    print_fields({name: data[name] for name in ("id", "for", "label", "token")})
    click.echo("\nKeep the token: it is not shown again.")


def _door_data(key: DoorKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "site": key.site,
        "for": key.door,
        "label": key.label,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
        "expires_at": key.expires_at,
    }


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


def _time(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M")
