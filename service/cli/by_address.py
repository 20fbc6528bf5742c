"""What one e-mail address wrote, handed over (`ecluse export`) or forgotten (`ecluse erase`)."""

from __future__ import annotations

import sys

import click
import orjson

from service.cli.learn import is_sure
from service.cli.opening import BY, open_here
from service.cli.output import as_json, print_json
from service.cli.progress import counted_aloud
from service.cli.queue import bell
from service.cli.values import EMAIL, SITE
from service.schemas.presentation import own_data
from service.store.store import Store

site_option = click.option("--site", "sites", type=SITE, multiple=True,
                           help="Site to look on; repeatable. Default: all.")  # fmt: skip


def hand_over(store: Store, address: str, sites: tuple[str, ...], lang: str) -> None:
    """Print every comment of an address, a JSON object a line.

    It is what an author can download: what was sent, what was seen of them, what became of it.
    """
    for site in _known(store, sites):
        count = 0
        with counted_aloud(sys.stdout.isatty()) as told:
            for records in store.by_address.find(site, address, told):
                for record in records:
                    count += 1
                    personal = store.comments.personal(record)
                    click.echo(orjson.dumps(own_data(record, personal, lang)).decode())
        store.audit.note(site, "export", BY, comments=count)


@click.command()
@click.argument("address", type=EMAIL)
@site_option
@is_sure
@as_json
def erase(address: str, sites: tuple[str, ...], is_sure: bool, is_json: bool) -> None:
    """Leave nothing personal of ADDRESS (- to read it from standard input): a tombstone a comment.

    Words, names and addresses go, with what was learned from them and the author's record.
    Bans stay, and so do backups made before: delete those. There is no way back.
    """
    store = open_here()
    names = _known(store, sites)
    if not is_sure:
        click.confirm("Erase every comment of this address?", abort=True, err=True)
    erased: dict[str, int] = {}
    with counted_aloud(is_json) as told:
        for site in names:
            erased[site] = store.by_address.erase(site, address, BY, told)
            store.audit.note(site, "erased-address", BY, comments=erased[site])
            if erased[site] and store.learned.set_bell(site):
                bell().ring_to_learn(site)
    if is_json:
        print_json({"erased": sum(erased.values()), "sites": erased})
    else:
        click.echo(f"comments erased: {sum(erased.values())}")


def _known(store: Store, sites: tuple[str, ...]) -> tuple[str, ...]:
    for site in sites:
        store.sites.get(site)
    return sites or tuple(store.sites.names())
