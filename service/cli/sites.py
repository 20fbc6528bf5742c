"""`ecluse sites`: make, list, show and change sites."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import click

from service.cli.opening import open_here, operator
from service.cli.output import as_json, moment, print_fields, print_json, print_table
from service.cli.values import LANG, LIMIT_VALUE, ORIGIN, POLICY_FILE, SITE
from service.schemas.site_values import REQUIRABLE
from service.store.sites import Limit, Site


@dataclass(frozen=True)
class Changes:
    """Hold what the command line says about a site; None and empty mean nothing said."""

    origins: tuple[str, ...]
    lang: str | None
    required: tuple[str, ...]
    is_anonymous: bool
    has_nudge: bool | None
    policy: dict[str, Any] | None
    limits: tuple[tuple[str, Limit], ...]
    akismet: str | None

    def on(self, site: Site) -> Site:
        """Return the site with the changes made."""
        said: dict[str, Any] = {
            "origins": self.origins or None,
            "lang": self.lang,
            "required": self._required(),
            "has_nudge": self.has_nudge,
            "policy": self.policy,
            "limits": {**site.limits, **dict(self.limits)},
            "akismet_only_checks": None if self.akismet is None else self.akismet == "check",
        }
        return replace(site, **{name: value for name, value in said.items() if value is not None})

    def _required(self) -> frozenset[str] | None:
        if self.is_anonymous:
            return frozenset()
        return frozenset(self.required) if self.required else None


def site_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that describe a site, as one ``changes``."""

    def gathered(name: str, is_json: bool, **said: Any) -> None:
        if said["is_anonymous"] and said["required"]:
            raise click.UsageError("--anonymous and --require exclude each other")
        command(name, is_json, Changes(**said))

    gathered.__name__ = command.__name__
    gathered.__doc__ = command.__doc__
    for option in reversed(OPTIONS):
        gathered = option(gathered)
    return as_json(gathered)


OPTIONS = (
    click.option("--origin", "origins", type=ORIGIN, multiple=True,
                 help="Web origin whose pages may post; repeatable."),
    click.option("--lang", type=LANG, help="Language of most comments."),
    click.option("--require", "required", type=click.Choice(REQUIRABLE), multiple=True,
                 help="Field a comment must have; repeatable. Default: author and email."),
    click.option("--anonymous", "is_anonymous", is_flag=True,
                 help="Require neither author nor email."),
    click.option("--nudge/--no-nudge", "has_nudge", default=None,
                 help="Let authors reword a toxic comment before it is sent."),
    click.option("--policy", type=POLICY_FILE,
                 help="A preset (strict, balanced, permissive), or a TOML file: docs/policies.md."),
    click.option("--limit", "limits", type=LIMIT_VALUE, multiple=True,
                 help="Rate limit as ip=20/600: 20 comments in 600 seconds; repeatable."),
    click.option("--akismet", type=click.Choice(("store", "check")),
                 help="What comes by Akismet's door stands in the queue, or is only checked."),
)  # fmt: skip


@click.group()
def sites() -> None:
    """Make, list, show and change sites."""


@sites.command()
@click.argument("name", type=SITE)
@site_options
def create(name: str, is_json: bool, changes: Changes) -> None:
    """Make a site called NAME."""
    if not changes.origins:
        raise click.UsageError("--origin is needed: the address of the site's pages")
    site = changes.on(Site(name, created_at=time.time()))
    open_here().sites.create(site, operator())
    _print(site, is_json)
    if not is_json:
        click.echo(f"\nNow make a key: ecluse keys create {name}")


@sites.command()
@click.argument("name", type=SITE)
@site_options
def update(name: str, is_json: bool, changes: Changes) -> None:
    """Change what is said of site NAME; the rest stays.

    Origins and required fields are replaced as a whole; limits one by one.
    """
    _print(open_here().sites.change(name, operator(), changes.on), is_json)


@sites.command()
@click.argument("name", type=SITE)
@as_json
def show(name: str, is_json: bool) -> None:
    """Show what is set for site NAME."""
    _print(open_here().sites.get(name).site, is_json)


@sites.command("list")
@as_json
def list_sites(is_json: bool) -> None:
    """List the sites with their languages and origins."""
    store = open_here()
    found = [store.sites.get(name).site for name in store.sites.names()]
    if is_json:
        print_json([_data(site) for site in found])
    else:
        rows = [(site.name, site.lang, site.origins) for site in found]
        print_table(("NAME", "LANG", "ORIGINS"), rows)


def _print(site: Site, is_json: bool) -> None:
    if is_json:
        print_json(_data(site))
    else:
        print_fields({**_data(site), "created_at": moment(int(site.created_at * 1000))})


def _data(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "origins": list(site.origins),
        "lang": site.lang,
        "required": sorted(site.required),
        "nudge": site.has_nudge,
        "policy": dict(site.policy),
        "limits": {name: f"{item.burst}/{item.window_s}" for name, item in site.limits.items()},
        "akismet": "check" if site.akismet_only_checks else "store",
        "created_at": site.created_at,
    }
