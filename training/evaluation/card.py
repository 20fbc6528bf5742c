"""The model card's tables, between two marks."""

from __future__ import annotations

from pathlib import Path

OPENING, CLOSING = "<!-- evaluation -->", "<!-- /evaluation -->"


def write_into_card(card: Path, tables: str) -> None:
    """Replace what stands between the marks of ``card`` by ``tables``."""
    before, _, rest = card.read_text(encoding="utf-8").partition(OPENING)
    after = rest.partition(CLOSING)[2]
    card.write_text(f"{before}{OPENING}\n{tables}\n{CLOSING}{after}", encoding="utf-8")
