"""Gibberish: what falls out of a keyboard when no word is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import product

from ahocorasick_rs import BytesAhoCorasick

from service.moderation.batch import Batch
from service.moderation.comment import Comment
from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.text import Text

_SCORE = 0.45
_PURE_SCORE = 0.58
_NAME_SCORE = 0.3
_SOME_SCORE = 0.2
# Shorter finds are acronyms in small letters (lgbtq).
_MIN_LETTERS = 8
_MIN_SHARE = 0.5
_PURE_SHARE = 0.8
_SOME_SHARE = 0.2
# Runs of neighbouring keys (QWERTY and AZERTY); "erty", "wert", "azer" and "trew" stand in words.
_WALKS_LIST = """
    sdf dfg ghj hjk jkl lkj kjh jhg hgf gfd xcv cvb vbn nbv bvc vcx qsd dsq wxc qwe ewq zxc rtyu
    tyui yuio uiop poiu oiuy iuyt uytr asdf fdsa fdsq jklm mlkj
"""
_WALKS = _WALKS_LIST.split()
# Pairs of letters that no European language, and no usual romanisation, puts in a word.
_PAIRS = [
    first + second
    for firsts, seconds in (
        ("fghjkpvwxz", "q"),
        ("q", "bfghjknpvwxz"),
        ("bdfghjkmpqstvwz", "x"),
        ("x", "jkz"),
        ("j", "qx"),
        ("v", "bfhqwx"),
        ("wqf", "v"),
        ("w", "jqvx"),
        ("z", "fjqx"),
        ("c", "jx"),
    )
    for first, second in product(firsts, seconds)
]
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxz]{5,}")
_ODD = re.compile("|".join(dict.fromkeys((*_WALKS, *_PAIRS))))
# The shape of a text: consonants as "c", all else as a space.
_SHAPE = bytes(ord("c") if chr(code) in "bcdfghjklmnpqrstvwxz" else 32 for code in range(256))
_RUN = b"c" * 5
_WORD = re.compile(r"(?<![\w#@/.:&=?%+-])[^\W\d_]{4,40}(?![\w@/=&]|\.\w|://)")
_LATIN = re.compile("[a-z]+")
_REPEATED = re.compile(r"(.)\1+")
# What several letters write as one sound, in German, Polish, English and romanised Russian.
_DIGRAPHS = re.compile("tsch|tch|sch|dsch|ch|sh|th|ph|kh|gh|zh|ck|ng|rz|sz|cz|dz|ts|st|ss")
_SEESAW = re.compile("(?:[a-z][A-Z]){3}|(?:[A-Z][a-z]){3}[A-Z]")
_VOWELS = re.compile("[aeiouy]")
_POOR_VOWELS = 0.15
_LONG = 5


class Gibberish:
    """Weigh the share of words that could be none, in the content and the author's name.

    Only words in Latin letters are judged; names, hashtags, handles, acronyms, links
    and one odd word among good ones are left alone.
    """

    name = "spam.gibberish"

    def __init__(self) -> None:
        odd = (piece.encode() for piece in (*_WALKS, *_PAIRS))
        self._odd = BytesAhoCorasick(odd)

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        rows = zip(batch.cases, batch.texts, strict=True)
        return [list(self._look(case.comment, text)) for case, text in rows]

    def _look(self, comment: Comment, text: Text) -> Iterator[Signal]:
        if self._may_be_odd(text.plain):
            score, spans = _weigh(comment.content)
            if score:
                yield self._signal(score, "gibberish", spans)
        author = comment.author
        if self._may_be_odd(author.lower()) and _weigh(author)[0] >= _SCORE:
            yield self._signal(_NAME_SCORE, "gibberish.author", (Span(0, len(author), "author"),))

    def _may_be_odd(self, lower: str) -> bool:
        """Return quickly, and for nearly every comment, that there is nothing to weigh."""
        letters = lower.encode("ascii", "replace")
        return _RUN in letters.translate(_SHAPE) or bool(self._odd.find_matches_as_indexes(letters))

    def _signal(self, score: float, code: str, spans: tuple[Span, ...]) -> Signal:
        return Signal(self.name, Attribute.SPAM, score, evidence=(Evidence(code, {}, spans),))


def _weigh(text: str) -> tuple[float, tuple[Span, ...]]:
    """Return how strongly ``text`` looks mashed, and where."""
    graded = [(match, _grounds(match[0])) for match in _WORD.finditer(text, 0, 4_000)]
    odd = [(match, grounds) for match, grounds in graded if grounds]
    clear = sum(grounds > 1 for _, grounds in odd)
    letters = _letters(odd)
    if letters < _MIN_LETTERS:
        return 0.0, ()
    spans = tuple(Span(*match.span()) for match, _ in odd[:20])
    return _score(len(odd), clear, letters / _letters(graded)), spans


def _score(odd: int, clear: int, share: float) -> float:
    if clear + odd < 3 and not (clear and share >= _PURE_SHARE):
        return 0.0
    if share >= _PURE_SHARE and clear and odd > 1:
        return _PURE_SCORE
    if share >= _MIN_SHARE:
        return _SCORE
    return _SOME_SCORE if clear and share >= _SOME_SHARE else 0.0


def _letters(graded: Sequence[tuple[re.Match[str], int]]) -> int:
    return sum(len(match[0]) for match, _ in graded)


@lru_cache(maxsize=4096)
def _grounds(word: str) -> int:
    """Count the reasons to think that ``word`` is none."""
    letters = word.lower()
    if word.isupper() or _LATIN.fullmatch(letters) is None:
        return 0
    letters = _REPEATED.sub(r"\1", letters)
    grounds = len(_ODD.findall(letters))
    if len(letters) >= _LONG:
        grounds += _has_consonant_run(letters) + _lacks_vowels(letters)
    return grounds + (_SEESAW.search(word) is not None)


def _has_consonant_run(letters: str) -> bool:
    return _CONSONANTS.search(_DIGRAPHS.sub("t", letters)) is not None


def _lacks_vowels(letters: str) -> bool:
    return len(_VOWELS.findall(letters)) <= _POOR_VOWELS * len(_DIGRAPHS.sub("t", letters))
