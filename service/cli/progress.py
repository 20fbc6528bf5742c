"""How far a long command is, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

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


class Bar:
    """Show how far a command is: of how much, and what was done."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._said = ""

    def add_to_length(self, more: int) -> None:
        """Have more to do than was known."""
        self._bar.length = (self._bar.length or 0) + more

    def move(self, steps: int) -> None:
        """Have done some of it."""
        self._bar.update(steps)

    def say(self, words: str) -> None:
        """Say beside the bar what was done."""
        self._said = words

    def said(self, _item: object) -> str:
        """Return what was said last."""
        return self._said


@contextmanager
def moved_along(label: str, *, is_hidden: bool) -> Iterator[Bar]:
    """Show a bar on standard error, if that is a terminal, which the caller moves."""
    hidden = is_hidden or not sys.stderr.isatty()
    with click.progressbar(
        iterable=iter(()), length=0, label=label, file=sys.stderr, show_pos=False, hidden=hidden,
    ) as shown:  # fmt: skip
        bar = Bar(shown)
        shown.item_show_func = bar.said
        yield bar
