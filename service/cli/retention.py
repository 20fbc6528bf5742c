"""`ecluse retention`: forget now what a site keeps no longer."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import click

from service.cli.opening import open_here
from service.cli.output import as_json, print_json, print_table
from service.cli.values import SITE
from service.store.store import Store
from service.store.upkeep.retention import DELETE, ERASE, first_place, next_place

COLUMNS = ("site", "personal_days", "refused_days", "erased", "deleted")


@click.group()
def retention() -> None:
    """Forget now what the sites keep no longer, instead of once a day."""


@retention.command()
@click.argument("sites", type=SITE, nargs=-1)
@click.option("--dry-run", "is_dry", is_flag=True, help="Count; change nothing.")
@as_json
def run(sites: tuple[str, ...], is_dry: bool, is_json: bool) -> None:
    """Forget what SITES, or all, keep longer than their settings say.

    ERASED counts comments that lost what is personal, DELETED those that went.
    """
    store = open_here()
    rows = [_forgotten(store, name, is_dry) for name in sites or store.sites.names()]
    if is_json:
        print_json({"dry_run": is_dry, "sites": rows})
        return
    names = [name.upper() for name in COLUMNS]
    print_table(names, [[row[name] for name in COLUMNS] for row in rows])
    if is_dry:
        click.echo("\nNothing was changed.")


def _forgotten(store: Store, site: str, is_dry: bool) -> dict[str, Any]:
    kept = store.sites.get(site).site.retention
    now_ms = time.time_ns() // 1_000_000
    work = store.forgetting.count if is_dry else store.forgetting.step
    done = {ERASE: 0, DELETE: 0}
    place = first_place(kept)
    while place is not None:
        step = work(site, kept, place, now_ms)
        done[place.what] += step.changed
        place = next_place(kept, place, step)
    if any(done.values()) and not is_dry:
        store.forgetting.tell(site, done[ERASE], done[DELETE], now_ms)
    return {"site": site, **asdict(kept), "erased": done[ERASE], "deleted": done[DELETE]}
