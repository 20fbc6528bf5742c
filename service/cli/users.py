"""`ecluse users`: the accounts of those who sign in."""

from __future__ import annotations

import time
from typing import Any

import click

from config.settings import Settings
from service.cli.opening import BY, open_here
from service.cli.output import as_json, print_fields, print_json, print_table
from service.cli.values import ACCOUNT, SITE
from service.store.staff.accounts import Account, Kept, Role
from service.store.staff.passwords import one_time_password
from service.store.store import Store
from service.up import address_of

ROLES = [role.value for role in Role]
COLUMNS = ("name", "role", "sites", "disabled", "second_factor", "last_sign_in")

role_option = click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True,
                           help="What the account may do.")  # fmt: skip
site_option = click.option("--site", "sites", type=SITE, multiple=True,
                           help="Site it works on; repeatable. Default: all.")  # fmt: skip
again_option = click.option("--again", "is_again", is_flag=True,
                            help="Though a deleted account had the name.")  # fmt: skip


@click.group()
def users() -> None:
    """Invite people, make, disable and delete accounts, reset passwords."""


@users.command("list")
@as_json
def list_accounts(is_json: bool) -> None:
    """List the accounts."""
    rows = [_row(each) for each in open_here().accounts.every()]
    if is_json:
        print_json(rows)
    else:
        print_table(COLUMNS, [[row[name] for name in COLUMNS] for row in rows])


@users.command()
@click.argument("name", type=ACCOUNT)
@role_option
@site_option
@again_option
@as_json
def create(name: str, role: str, sites: tuple[str, ...], is_again: bool, is_json: bool) -> None:
    """Make an account called NAME and print its one-time password."""
    store = open_here()
    account = Account(name, Role(role), _known(store, sites))
    password = one_time_password()
    store.accounts.create(account, password, is_again=is_again)
    store.general_audit.add("created", BY, name=name, role=role, sites=sorted(sites))
    _print_once(name, password, is_json)


@users.command()
@click.argument("name", type=ACCOUNT)
@role_option
@site_option
@again_option
@as_json
def invite(name: str, role: str, sites: tuple[str, ...], is_again: bool, is_json: bool) -> None:
    """Print a link by which NAME makes an account; it opens once, within 72 hours."""
    store = open_here()
    token = store.people.invite(
        name, Role(role), _known(store, sites), BY, _now_ms(), is_again=is_again
    )
    _print_link(name, token, is_json)


@users.command()
@click.argument("name", type=ACCOUNT)
@click.option("--role", type=click.Choice(ROLES), help="What it may do.  [as it is]")
@click.option("--site", "sites", type=SITE, multiple=True,
              help="Site it works on; repeatable; replaces those of before.")  # fmt: skip
@click.option("--every-site", is_flag=True, help="Let it work on all sites.")
@as_json
def role(
    name: str, role: str | None, sites: tuple[str, ...], every_site: bool, is_json: bool
) -> None:
    """Give account NAME another role, or other sites; its sessions end."""
    if every_site and sites:
        raise click.UsageError("--site and --every-site exclude each other")
    if not (role or sites or every_site):
        raise click.UsageError("--role, --site or --every-site is needed")
    store = open_here()
    before = store.accounts.get(name)
    on = _known(store, sites) if sites or every_site else before.sites
    store.people.change(name, Role(role) if role else before.role, on, BY, _now_ms())
    _print_account(store, name, is_json)


@users.command("reset-link")
@click.argument("name", type=ACCOUNT)
@as_json
def reset_link(name: str, is_json: bool) -> None:
    """Print a link by which NAME sets a new password; it opens once, within 24 hours."""
    token = open_here().people.issue_reset(name, BY, _now_ms())
    _print_link(name, token, is_json)


@users.command()
@click.argument("name", type=ACCOUNT)
@click.option("--second-factor", is_flag=True, help="Take the second factor away too.")
@as_json
def reset(name: str, second_factor: bool, is_json: bool) -> None:
    """Give account NAME a new one-time password and print it."""
    people, password = open_here().people, one_time_password()
    people.reset_password(name, password, BY)
    if second_factor:
        people.reset_second_factor(name, BY)
    _print_once(name, password, is_json)


@users.command()
@click.argument("name", type=ACCOUNT)
@as_json
def disable(name: str, is_json: bool) -> None:
    """Let account NAME open nothing any more; its sessions end."""
    store = open_here()
    store.people.disable(name, BY, _now_ms())
    _print_account(store, name, is_json)


@users.command()
@click.argument("name", type=ACCOUNT)
@as_json
def enable(name: str, is_json: bool) -> None:
    """Let account NAME in again."""
    store = open_here()
    store.people.enable(name, BY)
    _print_account(store, name, is_json)


@users.command()
@click.argument("name", type=ACCOUNT)
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
@as_json
def delete(name: str, is_sure: bool, is_json: bool) -> None:
    """Forget account NAME; what it did stays in the logs, under its name."""
    store = open_here()
    store.accounts.get(name)
    if not is_sure:
        click.confirm(f"Delete the account {name}?", abort=True, err=True)
    store.people.delete(name, BY, _now_ms())
    if is_json:
        print_json({"name": name, "deleted": True})
    else:
        click.echo(f"{name} is deleted")


def _known(store: Store, sites: tuple[str, ...]) -> frozenset[str]:
    for site in sites:
        store.sites.get(site)
    return frozenset(sites)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _row(kept: Kept) -> dict[str, Any]:
    account, at_s = kept.account, kept.last_sign_in_ms // 1000
    return {
        "name": account.name,
        "role": account.role.value,
        "sites": sorted(account.sites),
        "disabled": account.is_disabled,
        "second_factor": account.has_second_factor,
        "last_sign_in": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s)) if at_s else None,
    }


def _print_account(store: Store, name: str, is_json: bool) -> None:
    kept = store.accounts.find(name)
    row = _row(kept) if kept else {}
    if is_json:
        print_json(row)
    else:
        print_fields(row)


def _print_link(name: str, token: str, is_json: bool) -> None:
    data = {"name": name, "link": f"{address_of(Settings.from_environment())}/join/{token}"}
    if is_json:
        print_json(data)
    else:
        print_fields(data)


def _print_once(name: str, password: str, is_json: bool) -> None:
    data = {"name": name, "one_time_password": password}
    if is_json:
        print_json(data)
        return
    print_fields(data)
    click.echo("\nIt is good for one sign-in, at /sign-in, which asks for a new password")
    click.echo("of 12 characters or more.")
