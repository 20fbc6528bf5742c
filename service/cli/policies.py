"""`ecluse policies`: the policies of sites, shown, set and compared."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import click

from config.settings import PRESETS, default_policy
from service.cli.opening import open_here, operator
from service.cli.output import as_json, print_json, print_table
from service.cli.values import POLICY_FILE, SITE
from service.moderation.policy import merged
from service.schemas.policy_text import beyond_default, text_of

ABSENT = "-"

whole: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--whole", "is_whole", is_flag=True, help="With what the default policy says of the rest."
)


@click.group()
def policies() -> None:
    """Show, set and compare the policies of sites: docs/policies.md."""


@policies.command()
@click.argument("site", type=SITE)
@whole
@as_json
def show(site: str, is_whole: bool, is_json: bool) -> None:
    """Print what SITE's policy lays over the default one, as TOML that `set` takes."""
    _print(open_here().sites.get(site).site.policy, is_whole, is_json)


@policies.command()
@click.argument("name", type=click.Choice(PRESETS))
@whole
@as_json
def preset(name: str, is_whole: bool, is_json: bool) -> None:
    """Print what the preset NAME lays over the default policy, as TOML."""
    _print(beyond_default(name), is_whole, is_json)


@policies.command("set")
@click.argument("site", type=SITE)
@click.argument("policy", type=POLICY_FILE)
@as_json
def set_policy(site: str, policy: Mapping[str, Any], is_json: bool) -> None:
    """Give SITE the POLICY: a preset, or a TOML file. Prints what changed by it.

    It takes the place of the whole policy of before. Workers follow within seconds.
    """
    store = open_here()
    before = store.sites.get(site).site.policy
    store.sites.change(site, operator(), lambda old: replace(old, policy=policy))
    _print_differences(before, policy, is_json)


@policies.command()
@click.argument("site", type=SITE)
@click.argument("policy", type=POLICY_FILE)
@as_json
def diff(site: str, policy: Mapping[str, Any], is_json: bool) -> None:
    """Show what would change if SITE got the POLICY: a preset, or a TOML file.

    `ecluse backtest` shows what that would do to comments.
    """
    _print_differences(open_here().sites.get(site).site.policy, policy, is_json)


def _print(entries: Mapping[str, Any], is_whole: bool, is_json: bool) -> None:
    shown = merged(default_policy(), entries) if is_whole else entries
    if is_json:
        print_json(dict(shown))
    else:
        click.echo(text_of(shown) or "# the default policy\n", nl=False)


def _print_differences(before: Mapping[str, Any], after: Mapping[str, Any], is_json: bool) -> None:
    base = default_policy()
    one, other = (dict(_entries("", merged(base, each))) for each in (before, after))
    names = sorted(name for name in one | other if one.get(name) != other.get(name))
    rows = [(name, one.get(name), other.get(name)) for name in names]
    if is_json:
        print_json([dict(zip(("entry", "before", "after"), row, strict=True)) for row in rows])
    elif rows:
        print_table(("ENTRY", "BEFORE", "AFTER"), [(name, *_told(*pair)) for name, *pair in rows])
    else:
        click.echo("nothing differs")


def _entries(path: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every value of a policy under its dotted path."""
    for key, value in table.items():
        own = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            yield from _entries(own, value)
        else:
            yield own, list(value) if isinstance(value, tuple) else value


def _told(before: Any, after: Any) -> tuple[str, str]:
    """Return two values as they are shown; of lists, only what one has and the other has not."""
    if isinstance(before, list) and isinstance(after, list):
        lines = difflib.ndiff(sorted(map(str, before)), sorted(map(str, after)))
        signed = [line for line in lines if line[:1] in "+-"]
        gone, come = ([x[2:] for x in signed if x[0] == sign] for sign in "-+")
        return ", ".join(gone) or ABSENT, ", ".join(come) or ABSENT
    return _said(before), _said(after)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or ABSENT
    return ABSENT if value is None else str(value)
