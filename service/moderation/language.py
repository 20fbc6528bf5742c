"""Language: which one a comment is written in, by its own words before anybody's claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from math import sqrt
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier, visit_counts

Floats = NDArray[np.float32]

FIRST_CLASS = ("fr", "en")
SERVED = (*FIRST_CLASS, "de", "pt", "es", "it", "nl")
"""The languages whose words the tone models have learned."""

# What else turns up under articles. The fewer there are, the fewer short French comments pass
# for Occitan: of 3 to 4 words 95% are named right with these, 87% with all 139 known ones.
# fmt: off
OTHERS = (
    "ar", "bg", "bn", "ca", "cs", "da", "el", "et", "eu", "fa", "fi", "gl", "he", "hi", "hr", "ht",
    "hu", "id", "ja", "kab", "ko", "lt", "lv", "mg", "mk", "ms", "no", "pl", "ro", "ru", "sk", "sl",
    "sq", "sr", "sv", "ta", "th", "tr", "uk", "vi", "zh",
)
# fmt: on

SURE = 0.8
"""The probability from which a language counts as sure.

Of 8,800 pieces of 3 to 4 words it is reached by 69%, of 7 to 10 words by 97%; 99.8% and
99.9% of those are right (training sources and Common Voice, seven languages).
"""

# In units of log-odds: what speaks against a language that few write here, and for the one
# that was expected.
_SELDOM = 1.5
_EXPECTED = 1.0
# Below this probability the expectation decides. Where nine comments in ten are in the
# expected language, 98% of 3 to 4 words are then named right, and 92% of one or two.
_LIKELY = 0.55
# The first words tell as much as all of them, and the cost of a comment stays bounded.
_MOST_READ = 240
# What an address, a mention or a hashtag has.
_MARK = re.compile("[@#]|://|www")
# Texts scored together: their features take 6 MB at most.
_AT_ONCE = 64
_ROWS_AT_ONCE = 4096

CODES = (*SERVED, *OTHERS)
_PLACES = {code: place for place, code in enumerate(CODES)}
_DOUBTS = np.array([0.0] * len(SERVED) + [_SELDOM] * len(OTHERS))


@dataclass(frozen=True, slots=True)
class Language:
    """Say which language a text is in, and what that is worth.

    ``code`` is ISO 639-1 (``kab`` for Kabyle), empty when neither the text nor a hint
    says. ``is_sure`` means that the words alone decide it. ``is_served`` is false
    when the language is one that the tone models have not learned.
    """

    code: str
    is_sure: bool
    is_served: bool


UNKNOWN = Language("", is_sure=False, is_served=True)


def identify(texts: Sequence[str], hints: Sequence[str]) -> list[Language]:
    """Return the language of each text, in order.

    ``hints`` name the language to expect for each, as ISO 639-1 or a longer tag
    (``fr-CA``), or are empty; they decide where the words do not: few, none, or equally
    common in two languages. One model, loaded at the first call.
    """
    codes = [base_code(hint) for hint in hints]
    words = [_words(text) for text in texts]
    found = [Language(code, False, is_served(code)) for code in codes]
    told = [place for place, text in enumerate(words) if any(map(str.isalpha, text))]
    for start in range(0, len(told), _AT_ONCE):
        few = told[start : start + _AT_ONCE]
        languages = _identified([words[place] for place in few], [codes[place] for place in few])
        for place, language in zip(few, languages, strict=True):
            found[place] = language
    return found


def warm_up() -> None:
    """Load the model, which takes half a second, before a process forks or somebody waits."""
    _model()


def is_served(code: str) -> bool:
    """Tell whether the tone models have learned the language, or nobody knows which it is."""
    return not code or code in SERVED


def base_code(tag: str) -> str:
    """Return the language of a tag without its country or script: ``fr`` for ``fr-CA``."""
    return tag.strip().lower().replace("_", "-").partition("-")[0]


def _identified(words: Sequence[str], hints: Sequence[str]) -> Iterator[Language]:
    """Yield the language of each of a few texts that have letters."""
    chances = _chances(words, hints)
    best = chances.argmax(axis=1).tolist()
    best_served = chances[:, : len(SERVED)].argmax(axis=1).tolist()
    others = chances[:, len(SERVED) :].sum(axis=1).tolist()
    rows = zip(best, chances.max(axis=1).tolist(), best_served, others, hints, strict=True)
    for place, chance, served, together, hint in rows:
        code = CODES[place]
        if chance >= SURE:
            yield Language(code, True, code in SERVED)
        elif code in SERVED and (chance >= _LIKELY or not hint):
            yield Language(code, False, True)
        elif code not in SERVED and together >= SURE:
            # Danish and Norwegian, Indonesian and Malay halve each other's probability.
            yield Language(code, False, False)
        else:
            fallback = hint or CODES[served]
            yield Language(fallback, False, is_served(fallback))


def _words(text: str) -> str:
    """Return the beginning of ``text`` without addresses, mentions and hashtags."""
    words = text[:_MOST_READ].split()
    if _MARK.search(text, 0, _MOST_READ) is not None:
        words = [word for word in words if not _is_foreign(word)]
    return " ".join(words)


def _is_foreign(word: str) -> bool:
    return "@" in word or "://" in word or word.startswith(("#", "www."))


def _chances(words: Sequence[str], hints: Sequence[str]) -> Floats:
    """Return how probable each language is for each text, (texts, ``CODES``)."""
    encoded = [_encoded(text) for text in words]
    # The model's own temperature: scores grow with the length, certainty with its root.
    roots = np.array([[sqrt(len(each))] for each in encoded])
    odds = _model().scores(encoded) / roots - _DOUBTS
    for row, hint in enumerate(hints):
        if hint in _PLACES:
            odds[row, _PLACES[hint]] += _DOUBTS[_PLACES[hint]] + _EXPECTED
    weights = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _encoded(text: str) -> bytes:
    """Return the bytes that the model reads: composed, and capitals throughout made small."""
    text = text.lower() if text.isupper() else text
    return normalize("NFC", text).encode(errors="surrogatepass")


# The model: naive Bayes over byte sequences (Lui and Baldwin, langid.py, ACL 2012) ------------


# The count of any feature, where a text has none.
_NOTHING = {0: 0}


@dataclass(frozen=True, eq=False, slots=True)
class _Model:
    """Hold the tables of py3langid for ``CODES``, so that it scores many texts at once.

    ``weights`` is int8 [features, columns], times ``scale``, what is common to all
    languages left out: a quarter of the memory, and every figure the same. ``prior`` is
    float32 [columns]. The first columns are those of ``CODES``; a language written in
    two scripts has one more, which ``others`` names with the place of its language.
    """

    nextmove: Sequence[int]
    rows: Sequence[int]
    output: Sequence[int]
    weights: NDArray[np.int8]
    scale: float
    prior: Floats
    others: Sequence[tuple[int, int]]

    @classmethod
    def load(cls) -> _Model:
        """Return the model that py3langid ships, without the languages left out here."""
        every = LanguageIdentifier.from_model_file(MODEL_FILE)
        every.set_languages(CODES)
        names = every.nb_classes
        first = [names.index(code) for code in CODES]
        more = [column for column in range(len(names)) if column not in first]
        weights, scale = _small(every.nb_ptc[:, [*first, *more]])
        return cls(
            nextmove=every.tk_nextmove,
            rows=[row << 8 for row in every.tk_row],
            output=every.tk_output,
            weights=weights,
            scale=scale,
            prior=every.nb_pc[[*first, *more]].astype(np.float32),
            others=[(len(CODES) + n, _PLACES[names[column]]) for n, column in enumerate(more)],
        )

    def scores(self, texts: Sequence[bytes]) -> Floats:
        """Return log-probabilities but for a constant, (texts, ``CODES``)."""
        found = [
            visit_counts(self.nextmove, self.rows, self.output, text) or _NOTHING for text in texts
        ]
        ends = np.array([len(counts) for counts in found]).cumsum()
        places = np.fromiter(chain.from_iterable(found), np.intp)
        counts = np.fromiter(chain.from_iterable(each.values() for each in found), np.float32)
        parts = (self.scale * np.log1p(counts))[:, None] * self.weights[places]
        scores = self.prior + np.add.reduceat(parts, [0, *ends[:-1].tolist()], axis=0)
        for column, place in self.others:
            np.maximum(scores[:, place], scores[:, column], out=scores[:, place])
        return scores[:, : len(CODES)]


def _small(weights: NDArray[np.float16]) -> tuple[NDArray[np.int8], float]:
    """Return weights without what all languages have in common, as int8, and their scale.

    Some rows at a time: large temporary arrays would stay with the process.
    """
    starts = range(0, len(weights), _ROWS_AT_ONCE)
    scale = max(np.abs(_apart(weights, start)).max() for start in starts) / 127
    small = np.empty(weights.shape, np.int8)
    for start in starts:
        small[start : start + _ROWS_AT_ONCE] = np.round(_apart(weights, start) / scale)
    return small, float(scale)


def _apart(weights: NDArray[np.float16], start: int) -> Floats:
    rows = weights[start : start + _ROWS_AT_ONCE].astype(np.float32)
    return np.asarray(rows - rows.mean(axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=1)
def _model() -> _Model:
    return _Model.load()
