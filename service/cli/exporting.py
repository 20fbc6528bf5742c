"""`ecluse export`: write out all comments of a site."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import click

from service.cli.by_address import hand_over, site_option
from service.cli.opening import BY, open_here
from service.cli.progress import moved_along
from service.cli.values import EMAIL, SITE
from service.exchange.own_lines import line_of
from service.exchange.wxr_writer import written
from service.store.records import Record
from service.store.sealing import Personal
from service.store.sites import Site
from service.store.store import Store


@click.command()
@click.argument("what", metavar="SITE|ADDRESS")
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", "wxr")),
    default="jsonl",
    show_default=True,
    help="JSON lines hold everything, WXR what WordPress knows.",
)
@click.option(
    "--personal",
    "is_personal",
    is_flag=True,
    help="With e-mail and IP addresses and browsers; the audit log keeps it.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write, for its owner only. Default: standard output.",
)
@site_option
@click.option(
    "--lang",
    type=click.Choice(("en", "fr")),
    default="en",
    show_default=True,
    help="Language of the reasons, of an address's comments.",
)
@click.option(
    "--json",
    "is_json",
    is_flag=True,
    help="Write JSON lines, as it does anyway; not with --format wxr.",
)
def export(
    what: str,
    form: str,
    is_personal: bool,
    output: Path | None,
    sites: tuple[str, ...],
    lang: str,
    is_json: bool,
) -> None:
    """Write every comment of a SITE, or of an e-mail ADDRESS (- reads it from standard input).

    Of a site: each with its status, thread, verdict and last decision; `ecluse import` takes
    both formats back. Of an address: what an author can download, on all sites or on --site,
    on standard output. What a site's retention has taken the address off cannot be found by it
    any more.
    """
    if is_json and form != "jsonl":
        raise click.UsageError("--json goes without --format wxr, which is XML")
    store = open_here()
    if what == "-" or "@" in what:
        if form != "jsonl" or is_personal or output:
            raise click.UsageError("--format, --personal and --output go with a SITE only")
        hand_over(store, EMAIL.convert(what, None, None), sites, lang)
    else:
        _export(store, SITE.convert(what, None, None), form, output, is_personal=is_personal)


def _export(store: Store, site: str, form: str, output: Path | None, *, is_personal: bool) -> None:
    known = store.sites.get(site).site
    store.audit.note(site, "export", BY, format=form, personal=is_personal)
    target = _opened(output)
    try:
        with moved_along("Exporting", is_hidden=False) as bar:
            bar.add_to_length(_expected(store, site))
            for piece, count in _pieces(store, known, form, is_personal=is_personal):
                target.write(piece)
                bar.move(count)
        target.flush()
    finally:
        if output is not None:
            target.close()


def _pieces(
    store: Store, site: Site, form: str, *, is_personal: bool
) -> Iterator[tuple[bytes, int]]:
    """Yield what is to be written, and how many comments it holds."""

    def personal(record: Record) -> Personal | None:
        return store.comments.personal(record) if is_personal else None

    if form == "jsonl":
        for records in store.whole.by_time(site.name):
            lines = (line_of(record, personal(record)) for record in records)
            yield b"".join(lines), len(records)
        return
    link = site.origins[0] if site.origins else ""
    for piece in written(store.whole.by_page(site.name), personal, link, site.lang):
        yield piece, piece.startswith(b"\t\t<wp:comment>")


def _expected(store: Store, site: str) -> int:
    counts = store.decisions.counts(site).items()
    return sum(max(count, 0) for name, count in counts if name.startswith("status."))


def _opened(output: Path | None) -> BinaryIO:
    if output is None:
        return cast("BinaryIO", sys.stdout.buffer)
    output.touch(mode=0o600)
    return output.open("wb")
