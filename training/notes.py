"""Files written by hand: a line each, and notes that begin with ``#``."""

from __future__ import annotations

from pathlib import Path


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file, without its notes."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]
