"""What a model reads of a text that says the same over and over: the first two times.

Models are taught by what people write, where a word thirty times on end is rare. To them it is
thirty pieces of evidence, so that a cheer grows into an insult: "allez les bleus" a hundred
times over scored 0.97 as an attack. ``spam.repetition`` says that the text repeats itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from service.moderation.text import Stretch, Text, without

LONGEST_PHRASE = 40
"""What is repeated has at most so many words."""
_KEPT = 2
# So few repeated words move no score far, and most texts have no more of them.
_FEW = 4
_LEAST_SHARE = 20
_WORD = re.compile(r"\S+")
# Letters twice and at least twice more: "lollollollol".
_LETTERS = re.compile(r"(\w{2,4}?)(\1)\1{2,}")
_LONG = 16  # shorter laughs move no score far
_SIGNS_ABOUT = ".,;:!?…'\"«»()[]*_~-"


def condensed(text: Text, cut: Sequence[Stretch]) -> Text:
    """Return ``text`` without its ``repeats``, prepared anew; as it is where they are little of it.

    To prepare 20,000 characters again for twenty of them costs more than they can do.
    """
    length = sum(end - start for start, end in cut)
    is_much = length * _LEAST_SHARE >= len(text.original)
    return Text.of(without(text.original, cut)) if cut and is_much else text


def condensed_str(text: str) -> str:
    """Return ``text`` with each phrase that stands three times on end or more written twice."""
    return without(text, repeats(text))


def repeats(text: str) -> list[Stretch]:
    """Return where ``text`` repeats a phrase, or letters in a word, for the third time and after.

    Phrases are looked for where four words in a row have all stood before. Takes time linear in
    the length; of an ordinary comment 1 µs.
    """
    words = text.lower().split()
    longest = _longest_known(words) if len(words) - len(set(words)) >= _FEW else 0
    letters = (
        [(match.end(2), match.end()) for match in _LETTERS.finditer(text)]
        if max(map(len, words), default=0) >= _LONG
        else []
    )
    phrases = _phrases(text, longest // _KEPT) if longest >= _FEW else ()
    apart: list[Stretch] = []
    for stretch in sorted((*phrases, *letters)):
        if not apart or stretch[0] >= apart[-1][1]:
            apart.append(stretch)
    return apart


def _longest_known(words: Sequence[str]) -> int:
    """Return how many words in a row have all stood before: twice a phrase that is said thrice."""
    seen: set[str] = set()
    longest = known = 0
    for word in words:
        if word in seen:
            known += 1
        else:
            seen.add(word)
            longest, known = max(longest, known), 0
    return max(longest, known)


def _phrases(text: str, most_words: int) -> Iterator[Stretch]:
    places = [found.span() for found in _WORD.finditer(text)]
    keys = [text[start:end].lower().strip(_SIGNS_ABOUT) for start, end in places]
    numbers = {key: number for number, key in enumerate(keys)}
    again = _said_again(np.array([numbers[key] for key in keys], np.int64), most_words)
    begins = [start for start, _ in places] + [len(text)]
    edges = np.flatnonzero(np.diff(again, prepend=False, append=False)).reshape(-1, 2)
    for first, last in edges.tolist():
        yield begins[first], begins[last]


def _said_again(words: NDArray[np.int64], most_words: int) -> NDArray[np.bool_]:
    """Say of each word, known by its number, whether it belongs to a third time or a later.

    Of phrases of ``most_words`` at most.
    """
    again = np.zeros(len(words), bool)
    for size in range(1, min(LONGEST_PHRASE, most_words) + 1):
        is_same = words[size:] == words[:-size]
        edges = np.flatnonzero(np.diff(is_same, prepend=False, append=False)).reshape(-1, 2)
        for first, last in edges.tolist():
            # The words from ``first`` to ``last + size`` are one phrase, again and again.
            if last - first >= _KEPT * size:
                again[first + _KEPT * size : last + size] = True
    return again
