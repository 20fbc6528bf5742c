"""`ecluse verify` and `ecluse rebuild`: do the indexes and counters say what the comments say?"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from service.cli.opening import BY, open_here
from service.cli.output import as_json, print_json
from service.cli.progress import counted_aloud
from service.cli.values import SITE
from service.store.store import Store
from service.store.upkeep.examine import Report
from service.store.upkeep.verify import Verifier


@click.command()
@click.argument("sites", type=SITE, nargs=-1)
@click.option("--fix", "mends", is_flag=True, help="Put right what is wrong.")
@as_json
def verify(sites: tuple[str, ...], mends: bool, is_json: bool) -> None:
    """Compare every index, counter and packed facet of SITES, or of all, with the comments.

    The service may go on working: what moves meanwhile is looked at again, and is never
    changed by --fix, which goes by the comments alone. Not compared is what only history
    knows: totals since the beginning (accepted, decisions), readers' records, appeals answered.

    Exit code 0 when nothing is wrong, or nothing any more; 1 when something is left.
    """
    store = open_here()
    _print(store, _reports(store, Verifier(store.client, mends=mends), sites, is_json), is_json)


@click.command()
@click.argument("site", type=SITE)
@as_json
def rebuild(site: str, is_json: bool) -> None:
    """Make SITE's indexes and counters anew from its comments, while it works.

    As `verify --fix`, but every comment is put where it belongs, looked wrong or not.

    Exit code 1 when something could not be put right.
    """
    store = open_here()
    verifier = Verifier(store.client, is_whole=True)
    _print(store, _reports(store, verifier, (site,), is_json), is_json)


def _reports(
    store: Store, verifier: Verifier, sites: tuple[str, ...], is_hidden: bool
) -> list[Report]:
    names = sites or tuple(store.sites.names())
    for name in names:
        store.sites.get(name)
    with counted_aloud(is_hidden) as told:
        return [verifier.verify(name, told) for name in names]


def _print(store: Store, reports: list[Report], is_json: bool) -> None:
    for each in reports:
        if each.mended:
            store.audit.note(each.site, "verify", BY, mended=each.mended)
    if is_json:
        print_json([_data(each) for each in reports])
    else:
        for each in reports:
            _tell(each)
    if any(each.left for each in reports):
        raise SystemExit(1)


def _data(report: Report) -> dict[str, Any]:
    return {
        **asdict(report),
        "findings": {name: asdict(found) for name, found in report.findings.items()},
        "differences": report.differences,
        "left": report.left,
    }


def _tell(report: Report) -> None:
    said = f"{report.differences} differences, {report.mended} put right"
    click.echo(f"{report.site}: {report.comments} comments, {said}")
    for name, found in sorted(report.findings.items()):
        more = ", …" if found.count > len(found.examples) else ""
        click.echo(f"  {name:<28} {found.count:>6}  {', '.join(found.examples)}{more}")
    if report.unreadable:
        click.echo(f"  comments that cannot be read: {report.unreadable}")
    if report.moving:
        click.echo(f"  moved while they were looked at: {report.moving}; run it again for these")
