"""Counterfactuals written for this project: sentences with places, filled by lists of words.

The same words stand in attacks and in what is neutral, proud, quoted, denied or
condemned, so that neither an identity nor a rude word nor a language is the sign.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from service.moderation.signal import TONE, Attribute
from training.notes import lines_of
from training.rows import Row, Targets

A = Attribute

SOURCE = "templates_written"
LANGUAGES = ("fr", "en")

_FOLDER = Path(__file__).parent.parent / "written" / "templates"
_PLACE = re.compile(r"\{(\w+)\}")
_WEIGHT = 1.5
# A sentence without places is read this often, beside up to fourteen fillings of the others.
_TIMES_ALONE = 4
# Said at all counts for these, whoever says it and however it is meant.
_SAID = (A.PROFANITY, A.SEXUALLY_EXPLICIT)


def teaching(seed: int, fillings: int = 14) -> list[Row]:
    """Return rows of all templates that teach, each filled ``fillings`` times at the most."""
    return [*contrasts(seed, fillings), *mentions(seed, fillings)]


def contrasts(seed: int, fillings: int = 14) -> list[Row]:
    """Return rows of the templates in which the same words attack and do not."""
    return _repeated(_rows("{}.tsv", seed, fillings))


def mentions(seed: int, fillings: int = 14) -> list[Row]:
    """Return rows of the templates of plain mentions: identities in passing, advice, reports."""
    return _repeated(_rows("mentions_{}.tsv", seed, fillings))


def held_back(seed: int, fillings: int = 10) -> list[Row]:
    """Return rows of the templates that only judge."""
    return list(_rows("held_{}.tsv", seed, fillings))


def is_neutral_mention(row: Row) -> bool:
    """Tell whether a filled template names people, and nothing else of note stands in it."""
    names_people = any(place in row.block for place in ("{pl}", "{fpl}", "{ms}", "{fs}"))
    return names_people and row.block.startswith("- ")


def _repeated(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows for _ in range(1 if "{" in row.block else _TIMES_ALONE)]


def _rows(name: str, seed: int, fillings: int) -> Iterator[Row]:
    rng = random.Random(seed)
    for lang in LANGUAGES:
        places = {place: words.split("|") for place, words in _lines(f"slots_{lang}.tsv")}
        for label, detail, sentence in _lines(name.format(lang)):
            targets = _targets(float(label), set(detail.split(",")))
            for text in sorted(_filled(sentence, places, fillings, rng)):
                yield Row(text, lang, SOURCE, targets, _WEIGHT, f"{detail} {sentence}")


def _lines(name: str) -> Iterator[list[str]]:
    return (line.split("\t") for line in lines_of(_FOLDER / name))


def _filled(
    sentence: str, places: Mapping[str, Sequence[str]], fillings: int, rng: random.Random
) -> set[str]:
    """Return the sentence with its places filled, in different ways as far as there are."""

    def chosen(match: re.Match[str]) -> str:
        return rng.choice(places[match[1]])

    texts = {_PLACE.sub(chosen, sentence) for _ in range(fillings)}
    return {text[0].upper() + text[1:] if sentence[0] == "{" else text for text in texts}


def _targets(label: float, found: set[str]) -> Targets:
    """Return the targets of a sentence: every attribute is known."""
    level = 0.0 if label == 0 else max(label, 0.6)
    tone = {attribute: level if attribute in found else 0.0 for attribute in TONE}
    said = {attribute: float(attribute in found) for attribute in _SAID}
    return {**tone, A.SPAM: 0.0, A.TOXICITY: label, **said}
