"""`ecluse admin`: the accounts of those who sign in."""

from __future__ import annotations

import click

from service.cli.opening import open_here
from service.cli.output import as_json, print_fields, print_json
from service.cli.values import ACCOUNT, SITE
from service.store import keys
from service.store.accounts import Account, Role, one_time_password

ROLES = [role.value for role in Role]


@click.group()
def admin() -> None:
    """Make accounts and reset their passwords."""


@admin.command()
@click.argument("name", type=ACCOUNT)
@click.option("--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True,
              help="What the account may do.")  # fmt: skip
@click.option("--site", "sites", type=SITE, multiple=True,
              help="Site it works on; repeatable. Default: all.")  # fmt: skip
@as_json
def create(name: str, role: str, sites: tuple[str, ...], is_json: bool) -> None:
    """Make an account called NAME and print its one-time password."""
    store = open_here()
    for site in sites:
        store.sites.get(site)
    password = one_time_password()
    store.accounts.create(Account(name, Role(role), frozenset(sites)), password)
    _print_once(name, password, is_json)


@admin.command()
@click.argument("name", type=ACCOUNT)
@as_json
def reset(name: str, is_json: bool) -> None:
    """Give account NAME a new one-time password and print it."""
    store = open_here()
    if not store.client.sismember(keys.USERS, name):
        raise click.ClickException(f"no account is called {name!r}")
    password = one_time_password()
    store.accounts.reset_password(name, password)
    _print_once(name, password, is_json)


def _print_once(name: str, password: str, is_json: bool) -> None:
    data = {"name": name, "one_time_password": password}
    if is_json:
        print_json(data)
        return
    print_fields(data)
    click.echo("\nIt is good for one sign-in, which must set a new password: POST /v1/sessions")
    click.echo("with name, password and new_password (12 characters or more).")
