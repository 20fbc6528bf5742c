"""What a command prints: JSON for programs, aligned text for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click
import orjson

as_json: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", "is_json", is_flag=True, help="Print JSON."
)
as_json_anyway: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--json", is_flag=True, expose_value=False, help="Print JSON lines, which it does anyway."
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


def print_page(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], cursor: str, *, is_json: bool
) -> None:
    """Print a page of rows, and on standard error how to ask for the next."""
    if is_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table([column.upper() for column in columns], rows)
    if cursor:
        click.echo(f"there are more: --cursor {cursor}", err=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold to which of the ids asked for something was done, and how many are left.

    ``ids`` is empty where all were meant.
    """

    ids: Sequence[str]
    done: Sequence[str]
    left: int


def print_outcome(outcome: Outcome, what: str, otherwise: str, *, is_json: bool) -> None:
    """Print to how many ``what`` was done, and how many are left.

    Raises ``ClickException`` naming, after ``otherwise``, the ids to which it could not be done.
    """
    unknown = [each for each in outcome.ids if each not in outcome.done]
    if is_json:
        print_json({"done": outcome.done, "unknown": unknown, "left": outcome.left})
    else:
        click.echo(f"{len(outcome.done)} {what}, {outcome.left} left")
    if unknown:
        raise click.ClickException(f"{otherwise}: {', '.join(unknown)}")


def moment(at_ms: int) -> str:
    """Return a time in ms as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")


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
