"""How far a long command is, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import click

from service.cli.comment_lines import Entry, size_of


class Progress(Protocol):
    """Be told what was done."""

    def __call__(self, entries: Sequence[Entry], /) -> None:
        """Count entries, and the bytes their lines took."""
        ...


@contextmanager
def counted_aloud(is_hidden: bool) -> Iterator[Callable[[str, int], None]]:
    """Say on standard error, if that is a terminal, what is being done and how far it is."""
    hidden = is_hidden or not sys.stderr.isatty()
    width = 0

    def told(what: str, done: int) -> None:
        nonlocal width
        if not hidden:
            line = f"{what}: {done}"
            click.echo(f"\r{line:<{width}}", nl=False, err=True)
            width = len(line)

    try:
        yield told
    finally:
        if width:
            click.echo(f"\r{'':<{width}}\r", nl=False, err=True)


@contextmanager
def progress_over(sources: Sequence[str], is_hidden: bool) -> Iterator[Progress]:
    """Show a bar on standard error, if that is a terminal, while ``sources`` are read."""
    count = 0
    hidden = is_hidden or not sys.stderr.isatty()
    with click.progressbar(
        iterable=iter(()), length=size_of(sources), label="Judging", file=sys.stderr,
        show_pos=False, hidden=hidden, item_show_func=lambda _item: f"{count} comments",
    ) as bar:  # fmt: skip

        def done(entries: Sequence[Entry]) -> None:
            nonlocal count
            count += len(entries)
            bar.update(sum(entry.line.size for entry in entries))

        yield done
