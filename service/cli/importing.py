"""`ecluse import`: bring in the comments that a site has elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import orjson
from disposable_email_domains import blocklist
from redis import Redis

from config.settings import Settings
from service.cli.opening import BY, open_here
from service.cli.output import as_json, print_fields, print_json
from service.cli.progress import moved_along
from service.cli.values import SITE, Parsed
from service.exchange.arriving import Customs
from service.exchange.foreign import FileUnreadable, Found
from service.exchange.importing import MOST_TAUGHT, Import, Report
from service.exchange.scratch import Scratch
from service.exchange.sources import Format, Source, format_of
from service.exchange.wordpress_rest import Blog
from service.schemas.addresses import Page
from service.store.doorbell import Doorbell
from service.store.server.connection import connect
from service.store.server.embedded import server_urls
from service.store.store import Store

WORDPRESS = "wordpress"


def web_site(text: str) -> str:
    """Return the address of a site's pages; raise ``ValueError`` when it is none."""
    if not text.startswith(("http://", "https://")):
        raise ValueError("an address begins with https:// or http://")
    found: str = Page().deserialize(text)
    return found


def move(text: str) -> tuple[str, str]:
    """Return the two addresses in ``OLD=NEW``; raise ``ValueError``."""
    old, mark, new = text.partition("=")
    if not mark or not old:
        raise ValueError("a move reads http://old.example=https://new.example")
    return old, new


@dataclass(frozen=True)
class Wanted:
    """Hold what the command line says about an import."""

    source: str
    form: str | None
    base: str | None
    moves: tuple[tuple[str, str], ...]
    teaches: bool
    user: str
    password_file: Path | None
    checkpoint: Path | None
    starts_anew: bool
    skipped: Path | None


@click.command("import")
@click.argument("site", type=SITE)
@click.argument("source")
@click.option(
    "--format",
    "form",
    type=click.Choice([*(f.value for f in Format), WORDPRESS]),
    default=None,
    show_default="told by how the file begins",
    help="What SOURCE is; wordpress is a blog's address, asked by its REST API.",
)
@click.option(
    "--base",
    type=Parsed("url", web_site),
    default=None,
    help="Address of the site, for pages named by their paths. Isso needs it.",
)
@click.option(
    "--move",
    "moves",
    type=Parsed("old=new", move),
    multiple=True,
    help="Beginning of page addresses and what takes its place; repeatable.",
)
@click.option(
    "--learn",
    "teaches",
    is_flag=True,
    help="Let the site learn from what moderators decided there.",
)
@click.option("--user", default="", help="Who asks the blog: one who may moderate.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the user's application password; without it, it is asked for.",
)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to remember how far it came. Default: beside the file.",
)
@click.option(
    "--anew",
    "starts_anew",
    is_flag=True,
    help="Read from the beginning, whatever an earlier run remembered.",
)
@click.option(
    "--skipped",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for a JSON line about each comment left out.",
)
@as_json
def import_comments(site: str, is_json: bool, **said: Any) -> None:
    """Bring the comments in SOURCE to SITE, with their threads and statuses.

    Stopped by Ctrl-C or a fault, the same command goes on where it was; run again when it
    is through, it finds everything there already and changes nothing.
    """
    wanted = Wanted(**said)
    store = open_here()
    known = store.sites.get(site).site
    base = wanted.base or (known.origins[0] + "/" if known.origins else "")
    customs = Customs(site, store.vault, base, wanted.moves, frozenset(blocklist))
    with _found(wanted) as (scratch, found):
        importing = Import(store.imports, customs, scratch, lambda: time.time_ns() // 1_000_000)
        fault = _run(importing, found, is_json)
        report = importing.report
        taught = _teach(store, site, scratch) if wanted.teaches and fault is None else 0
        if wanted.skipped is not None:
            _write_skipped(scratch, wanted.skipped)
    _wake(store, site, report, has_lessons=taught > 0)
    told = {**report.told(), "to_learn": taught}
    store.audit.note(site, "import", BY, **told)
    print_json(told) if is_json else print_fields(told)
    if fault is not None:
        raise click.ClickException(fault)


def _run(importing: Import, found: Callable[..., Iterator[Found]], is_json: bool) -> str | None:
    """Bring everything in; return what stopped it, or None."""
    with moved_along("Importing", is_hidden=is_json) as bar:
        try:
            importing.run(found(bar), lambda report: bar.say(f"{report.read} comments"))
        except FileUnreadable as error:
            return f"what follows comment {importing.report.read} cannot be read: {error}"
        except KeyboardInterrupt:
            return "stopped; the same command goes on from here"
    return None


@contextmanager
def _found(wanted: Wanted) -> Iterator[tuple[Scratch, Callable[..., Iterator[Found]]]]:
    """Open what is to be read, and the notes of an earlier run over it."""
    is_blog = wanted.form == WORDPRESS or wanted.source.startswith(("http://", "https://"))
    source = None if is_blog else _file(wanted)
    path = wanted.checkpoint or _beside(wanted, is_blog=is_blog)
    fingerprint = source.fingerprint() if source else wanted.source
    scratch = _notes(path, fingerprint, starts_anew=wanted.starts_anew)
    is_done = False

    def found(bar: Any) -> Iterator[Found]:
        nonlocal is_done
        if source is None:
            yield from _blog(wanted).comments(bar.add_to_length)
        else:
            bar.add_to_length(source.size())
            yield from source.found(scratch, bar.move)
        is_done = True

    try:
        yield scratch, found
    finally:
        scratch.close(is_done=is_done)


def _file(wanted: Wanted) -> Source:
    path = Path(wanted.source)
    form = Format(wanted.form) if wanted.form else format_of(path)
    if form is Format.ISSO and not wanted.base:
        raise click.UsageError("--base is needed: Isso knows its pages by their paths only")
    return Source(path, form, wanted.base or "")


def _beside(wanted: Wanted, *, is_blog: bool) -> Path:
    if not is_blog:
        return Path(f"{wanted.source}.ecluse-import")
    folder = Settings.from_environment().data_dir
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(c if c.isalnum() else "-" for c in wanted.source)[:100]
    return folder / f"{name}.ecluse-import"


def _notes(path: Path, fingerprint: str, *, starts_anew: bool) -> Scratch:
    """Return the notes of an earlier run over the same file, or new ones."""
    if starts_anew:
        path.unlink(missing_ok=True)
    scratch = Scratch(path)
    if scratch.fact("source") not in (None, fingerprint):
        scratch.close(is_done=True)
        scratch = Scratch(path)
    scratch.set_fact("source", fingerprint)
    scratch.commit()
    return scratch


def _blog(wanted: Wanted) -> Blog:
    if not wanted.user:
        raise click.UsageError("--user is needed: who asks the blog")
    if wanted.password_file is not None:
        password = wanted.password_file.read_text("utf-8").strip()
    else:
        password = click.prompt("Application password", hide_input=True, err=True)
    return Blog(wanted.source, wanted.user, password)


def _teach(store: Store, site: str, scratch: Scratch) -> int:
    """Have the site learn from the decisions that came along; return how many."""
    ids = scratch.strongest(MOST_TAUGHT)
    store.learned.have_learned(site, ids)
    return len(ids)


def _wake(store: Store, site: str, report: Report, *, has_lessons: bool) -> None:
    """Ring for what the workers have to do now; without an answer they come by themselves."""
    queue = connect(server_urls(Settings.from_environment()).queue, retries=1)
    assert isinstance(queue, Redis)  # noqa: S101  server_urls refuses clusters
    doorbell = Doorbell(queue)
    if has_lessons and store.learned.set_bell(site):
        doorbell.ring_to_learn(site)
    if report.statuses["received"]:
        doorbell.ring(site)


def _write_skipped(scratch: Scratch, path: Path) -> None:
    with path.open("wb") as file:
        for name, reason in scratch.skipped():
            file.write(orjson.dumps({"comment": name, "reason": reason}) + b"\n")
