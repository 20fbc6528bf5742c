"""What a model reads of a text that says the same over and over: the first two times.

Models are taught by what people write, where a word thirty times on end is rare. To them it is
thirty pieces of evidence, so that a cheer grows into an insult: "allez les bleus" a hundred
times over scored 0.97 as an attack. ``spam.repetition`` says that the text repeats itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from service.moderation.text import Stretch, Text, without

LONGEST_PHRASE = 40
"""What is repeated has at most so many words."""
_KEPT = 2
# So few repeated words move no score far, and most texts have no more of them.
_FEW = 4
_WORD = re.compile(r"\S+")
# Letters twice and at least twice more: "lollollollol".
_LETTERS = re.compile(r"(\w{2,4}?)(\1)\1{2,}")
_LONG = 16  # shorter laughs move no score far
_SIGNS_ABOUT = ".,;:!?…'\"«»()[]*_~-"


def condensed(text: Text) -> Text:
    """Return ``text`` with each phrase that stands three times on end or more written twice."""
    cut = repeats(text.original)
    return Text.of(without(text.original, cut)) if cut else text


def condensed_str(text: str) -> str:
    """Return what ``condensed`` makes of ``text``, as it is written."""
    return without(text, repeats(text))


def repeats(text: str) -> list[Stretch]:
    """Return where ``text`` repeats a phrase, or letters in a word, for the third time and after.

    Takes time linear in the length; of an ordinary comment 1 µs.
    """
    words = text.split()
    if len(words) - len(set(words)) < _FEW and max(map(len, words), default=0) < _LONG:
        return []
    phrases = list(_phrases(text))
    letters = [(match.end(2), match.end()) for match in _LETTERS.finditer(text)]
    apart: list[Stretch] = []
    for stretch in sorted((*phrases, *letters)):
        if not apart or stretch[0] >= apart[-1][1]:
            apart.append(stretch)
    return apart


def _phrases(text: str) -> Iterator[Stretch]:
    places = [found.span() for found in _WORD.finditer(text)]
    keys = [text[start:end].lower().strip(_SIGNS_ABOUT) for start, end in places]
    numbers = {key: number for number, key in enumerate(keys)}
    if len(keys) - len(numbers) < _FEW:
        return
    again = _said_again(np.array([numbers[key] for key in keys], np.int64))
    begins = [start for start, _ in places] + [len(text)]
    edges = np.flatnonzero(np.diff(again, prepend=False, append=False)).reshape(-1, 2)
    for first, last in edges.tolist():
        yield begins[first], begins[last]


def _said_again(words: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each word, known by its number, whether it belongs to a third time or a later."""
    again = np.zeros(len(words), bool)
    for size in range(1, min(LONGEST_PHRASE, len(words) // (_KEPT + 1)) + 1):
        is_same = words[size:] == words[:-size]
        edges = np.flatnonzero(np.diff(is_same, prepend=False, append=False)).reshape(-1, 2)
        for first, last in edges.tolist():
            # The words from ``first`` to ``last + size`` are one phrase, again and again.
            if last - first >= _KEPT * size:
                again[first + _KEPT * size : last + size] = True
    return again
