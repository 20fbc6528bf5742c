"""How far a long command is, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
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
