"""What a command prints: JSON for programs, aligned text for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click
import orjson

as_json: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "is_json", is_flag=True, help="Print JSON."
)


def print_json(value: Any, *, is_err: bool = False) -> None:
    """Print a value as indented JSON; on standard error where the output is something else."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(), err=is_err)


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values, one a line."""
    width = max(map(len, fields))
    for name, value in fields.items():
        click.echo(f"{name:<{width}}  {_text(value)}")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows under their columns' names."""
    for line in table(columns, rows):
        click.echo(line)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """Yield the lines of a table."""
    lines = [list(columns), *([_text(value) for value in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return orjson.dumps(value).decode() if value else "-"
    if isinstance(value, str) or not isinstance(value, Sequence):
        return str(value) if value not in ("", None) else "-"
    return ", ".join(map(str, value)) or "-"
