"""How well languages are identified: pieces of a few words, with and without an expectation.

``python -m training.languages --data ../shared/data`` prints the figures of ARCHITECTURE.md
(Languages). Nothing is trained here.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.moderation.language import SERVED, identify

LENGTHS = ((3, 4), (5, 6), (7, 10), (11, 25))
"""How many words a piece has, from and to."""

# File, beginning of the source's name, and the language that its rows are labelled with.
_SOURCES = (
    ("unlabelled.jsonl.gz", "commonvoice", ""),
    ("unlabelled.jsonl.gz", "haine2022", "fr"),
    ("unlabelled.jsonl.gz", "edos2023", "en"),
    ("toxicity.jsonl.gz", "toldbr2020", "pt"),
    ("toxicity.jsonl.gz", "germeval2018", "de"),
    ("toxicity_more.jsonl.gz", "gahd2024", "de"),
    ("toxicity_more.jsonl.gz", "civil_toxicspans2021", "en"),
)
_PIECES = 800
_LEFT_OUT = re.compile(r"https?://\S+|@\w+|#\w+|\|LBR\||\bRT\b|\b(?i:user)\b")
_FEWEST_LETTERS = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a few words in a row, and the language they are in."""

    text: str
    lang: str


def texts_of(folder: Path) -> Mapping[tuple[str, str], Sequence[str]]:
    """Return the texts of each source and language in the folder of labelled data."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in sorted({name for name, _, _ in _SOURCES}):
        wanted = [(source, lang) for file, source, lang in _SOURCES if file == name]
        with gzip.open(folder / name, "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                for source, lang in wanted:
                    if row["source"].startswith(source) and row["lang"] in SERVED:
                        found[source, lang or row["lang"]].append(row["text"])
    return found


def pieces_of(
    texts: Mapping[tuple[str, str], Sequence[str]], words: tuple[int, int], chance: random.Random
) -> Iterator[Piece]:
    """Yield pieces of ``words`` from each source, at most 800 of each."""
    for (_, lang), listed in sorted(texts.items()):
        kept = 0
        for text in chance.sample(list(listed), len(listed)):
            piece = _piece(text, chance.randint(*words), chance)
            if piece and kept < _PIECES:
                kept += 1
                yield Piece(piece, lang)


def _piece(text: str, length: int, chance: random.Random) -> str:
    words = _LEFT_OUT.sub(" ", text).split()
    if len(words) < length:
        return ""
    start = chance.randint(0, len(words) - length)
    piece = " ".join(words[start : start + length])
    return piece if sum(map(str.isalpha, piece)) >= _FEWEST_LETTERS else ""


def figures(pieces: Sequence[Piece], hints: Sequence[str]) -> tuple[float, float, float]:
    """Return the share named right, the share that is sure, and the share of those right."""
    found = identify([piece.text for piece in pieces], hints)
    right = [each.code == piece.lang for each, piece in zip(found, pieces, strict=True)]
    sure = [is_right for each, is_right in zip(found, right, strict=True) if each.is_sure]
    return sum(right) / len(right), len(sure) / len(right), sum(sure) / max(len(sure), 1)


def main() -> None:
    """Print the figures for each length and expectation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    texts = texts_of(parser.parse_args().data)
    print("words  expected  pieces  right   sure    right when sure")
    for words in LENGTHS:
        pieces = list(pieces_of(texts, words, random.Random(7)))
        expectations = {
            "nothing": [""] * len(pieces),
            "right": [piece.lang for piece in pieces],
            "wrong": ["en" if piece.lang == "fr" else "fr" for piece in pieces],
        }
        for name, hints in expectations.items():
            shares = "  ".join(f"{share:.2%}" for share in figures(pieces, hints))
            print(f"{words[0]}-{words[1]}".ljust(7) + f"{name:<10}{len(pieces):<8}{shares}")


if __name__ == "__main__":
    main()
