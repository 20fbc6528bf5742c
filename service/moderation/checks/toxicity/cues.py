"""Cues: words that say nothing by themselves, but call for a reader of meaning.

Groups of people by name, violence to come, reports and refusals of insults: a sum of
words errs on all three, both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files

from ahocorasick_rs import AhoCorasick

from service.moderation.text import Text

REFUSING_LISTS = ("refusals", "denials")
"""The lists whose cues say that the insult after them is told or refused."""
REPORTING_LISTS = ("refusals", "reports")
"""The lists whose cues say that somebody else's threat is told or refused."""
ANY_ENDING = "*"


class Cues:
    """Find phrases of a list in plain text, at word boundaries."""

    def __init__(self, phrases: Iterable[str]) -> None:
        listed = tuple(phrases)
        self._is_open = tuple(phrase.endswith(ANY_ENDING) for phrase in listed)
        self._automaton = AhoCorasick([phrase.rstrip(ANY_ENDING) for phrase in listed])

    def are_in(self, text: Text) -> bool:
        """Tell whether any phrase stands in ``text``."""
        return any(True for _ in self.found_in(text))

    def found_in(self, text: Text) -> Iterator[tuple[int, int]]:
        """Yield where phrases begin and end in ``text.plain``."""
        plain = text.plain.replace("'", " ")
        for index, start, end in self._automaton.find_matches_as_indexes(plain, overlapping=True):
            if (not start or not plain[start - 1].isalpha()) and (
                self._is_open[index] or not plain[end : end + 1].isalpha()
            ):
                yield start, end


@cache
def cues_of(*lists: str) -> Cues:
    """Return the cues of the shipped ``lists`` together."""
    return Cues(phrase for name in lists for phrase in phrases_of(name))


def refusing_cues() -> Cues:
    """Return the cues with which the insult after them is told or refused."""
    return cues_of(*REFUSING_LISTS)


def reporting_cues() -> Cues:
    """Return the cues with which a threat may be another's, told or refused."""
    return cues_of(*REPORTING_LISTS)


def phrases_of(name: str) -> Iterator[str]:
    """Yield the phrases of the shipped list ``name``."""
    text = (files(__package__) / "cues" / f"{name}.txt").read_text("utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))
