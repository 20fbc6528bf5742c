"""Repetition: the same character, word, line or emoji over and over."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from service.moderation.batch import Batch
from service.moderation.shapes import codes_of
from service.moderation.signal import Attribute, Evidence, Signal, Span

_SCORE = 0.35
_STRONG_SCORE = 0.5
# Laughs ("kkkkkkkkkkkk") and stretched vowels are shorter in all than the second.
_LONG_RUN, _LONG_RUN_OF_SIGNS = 12, 20
_WORD_CHAR, _SIGN = re.compile(r"\w"), re.compile(r"[^\w\s.=_*~-]")
# Every third character of a run of twelve: looked for in a third of the text.
_THIRDS_OF_RUN = re.compile(r"(\S)\1{3}")
_MIN_RUN = 25
_MIN_WORDS, _SHORT = 9, 3
# Of 78,225 French and English comments and sentences 14 have less, 1 in 1,000 less than 0.57.
_POOR = 0.34
_MIN_LINE_CHARS = 8
_MIN_EQUAL_LINES = 3
_EMOJI = re.compile("[\u2600-\u27bf\U0001f1e6-\U0001f3fa\U0001f400-\U0001faff]")
_MIN_EMOJI = 12
_EMOJI_SHARE = 0.5
_MAX_WORDS = 2_000


class Repetition:
    """Find text made of one thing repeated; laughs and cheers are left alone."""

    name = "spam.repetition"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case.comment.content) for case in batch.cases]

    def _look(self, content: str) -> Sequence[Signal]:
        # An emoji wall is also a run of one character: what weighs most is said once.
        strongest = max(_findings(content), key=_score, default=None)
        if strongest is None:
            return ()
        score, evidence = strongest
        return (Signal(self.name, Attribute.SPAM, score, evidence=(evidence,)),)


def _score(finding: tuple[float, Evidence]) -> float:
    return finding[0]


def _findings(content: str) -> Iterator[tuple[float, Evidence]]:
    if _THIRDS_OF_RUN.search(content[::3]) is not None:
        yield from _about_runs(content)
    yield from _about_words(content)
    if "\n" in content:
        yield from _about_lines(content)
    if not content.isascii():
        yield from _about_emoji(content)


def _about_runs(content: str) -> Iterator[tuple[float, Evidence]]:
    spans = tuple(_runs(content))
    length = sum(span.end - span.start for span in spans)
    if length >= _MIN_RUN:
        score = _SCORE if length > len(content) / 2 else _SCORE / 2
        yield score, Evidence("repetition", {"kind": "characters"}, spans[:20])


def _runs(content: str) -> Iterator[Span]:
    """Yield where one letter, digit or sign stands many times on end."""
    codes = codes_of(content)
    edges = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1], [True])))
    for place in np.flatnonzero(np.diff(edges) >= _LONG_RUN).tolist():
        start, end = edges[place : place + 2].tolist()
        is_long_for_signs = end - start >= _LONG_RUN_OF_SIGNS
        if _WORD_CHAR.match(content, start) or (is_long_for_signs and _SIGN.match(content, start)):
            yield Span(start, end)


def _about_words(content: str) -> Iterator[tuple[float, Evidence]]:
    # What counts is no handle, nor short ("ha ha ha", "non, non, non").
    words = [
        word
        for word in content.split(None, _MAX_WORDS)[:_MAX_WORDS]
        if len(word) > _SHORT and word[0] != "@"
    ]
    if len(words) < _MIN_WORDS:
        return
    variety = len(set(words)) / len(words)
    # Vocabulary grows about as the root of length (Heaps' law), so variety falls as its inverse.
    if variety < _POOR * min(1.0, (60 / len(words)) ** 0.5):
        yield _STRONG_SCORE, Evidence("repetition", {"kind": "words"})


def _about_lines(content: str) -> Iterator[tuple[float, Evidence]]:
    lines = (line.strip() for line in content.split("\n"))
    counts = Counter(line for line in lines if len(line) >= _MIN_LINE_CHARS)
    if counts and max(counts.values()) >= _MIN_EQUAL_LINES:
        yield _SCORE, Evidence("repetition", {"kind": "lines"})


def _about_emoji(content: str) -> Iterator[tuple[float, Evidence]]:
    count = len(_EMOJI.findall(content))
    if count >= _MIN_EMOJI and count > _EMOJI_SHARE * len("".join(content.split())):
        yield _SCORE, Evidence("repetition", {"kind": "emoji"})
