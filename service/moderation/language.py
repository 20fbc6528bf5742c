"""Language: which one a comment is written in, by its own words before anybody's claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray
from py3langid.langid import MODEL_FILE, LanguageIdentifier

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
# What each language has against or for it: a line for each that is expected, one for none.
_EXPECTATIONS = np.tile([0.0] * len(SERVED) + [-_SELDOM] * len(OTHERS), (len(CODES) + 1, 1))
np.fill_diagonal(_EXPECTATIONS, _EXPECTED)


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
    found = [_language(code, False) for code in codes]
    told = [place for place, text in enumerate(words) if any(map(str.isalpha, text))]
    for start in range(0, len(told), _AT_ONCE):
        few = told[start : start + _AT_ONCE]
        languages = _identified([words[place] for place in few], [codes[place] for place in few])
        for place, language in zip(few, languages, strict=True):
            found[place] = language
    return found


def judged_in(named: str, found: Language) -> str:
    """Return the language (ISO 639-1, or a longer tag) to judge a text in, or an empty string.

    Words that are surely in a language the models have learned are judged in it, whatever a
    caller says, who may be the author: under the name of another no model would be asked, or
    another's thresholds. Otherwise it is the one ``named``, if the models have learned that, or
    else the one ``found``.
    """
    if found.is_sure and found.is_served and found.code != base_code(named):
        return found.code
    return named if named and is_served(base_code(named)) else found.code or named


def warm_up() -> None:
    """Load the model, which takes half a second, before a process forks or somebody waits."""
    _model()


def is_served(code: str) -> bool:
    """Tell whether the tone models have learned the language, or nobody knows which it is."""
    return not code or code in SERVED


@lru_cache(maxsize=256)
def base_code(tag: str) -> str:
    """Return the language of a tag without its country or script: ``fr`` for ``fr-CA``."""
    return tag.strip().lower().replace("_", "-").partition("-")[0]


def _identified(words: Sequence[str], hints: Sequence[str]) -> Iterator[Language]:
    """Yield the language of each of a few texts that have letters."""
    chances = _chances(words, hints)
    for row, place, hint in zip(chances, chances.argmax(axis=1).tolist(), hints, strict=True):
        yield _likeliest(row, place, hint)


def _likeliest(chances: Floats, place: int, hint: str) -> Language:
    """Return the language that ``chances``, highest at ``place``, and the hint speak for."""
    code, chance = CODES[place], float(chances[place])
    if chance >= SURE:
        return _language(code, True)
    if is_served(code) and (chance >= _LIKELY or not hint):
        return _language(code, False)
    if not is_served(code) and chances[len(SERVED) :].sum() >= SURE:
        # Danish and Norwegian, Indonesian and Malay halve each other's probability.
        return _language(code, False)
    return _language(hint or CODES[chances[: len(SERVED)].argmax()], False)


@lru_cache(maxsize=256)
def _language(code: str, is_sure: bool) -> Language:
    """Return the one value for a language: of thousands of comments few differ."""
    return Language(code, is_sure, is_served(code))


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
    roots = np.sqrt([[len(each)] for each in encoded])
    odds = _model().scores(encoded) / roots
    odds += _EXPECTATIONS.take([_PLACES.get(hint, len(CODES)) for hint in hints], axis=0)
    weights = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _encoded(text: str) -> bytes:
    """Return the bytes that the model reads: composed, and capitals throughout made small."""
    text = text.lower() if text.isupper() else text
    return normalize("NFC", text).encode(errors="surrogatepass")


# The model: naive Bayes over byte sequences (Lui and Baldwin, langid.py, ACL 2012) ------------

# Stands between texts: no UTF-8 has it, so from any state it leads back to the first.
_BREAK = b"\xff"
# No sequence is longer, so the state after a byte is known from the six before it: all bytes
# are walked at once, six steps each, instead of one after the other. 3 µs a comment, not 16.
_LONGEST = 6
# A text's number and a feature's share one number.
_FEATURE_BITS = 17
_FEATURE_MASK = (1 << _FEATURE_BITS) - 1


@dataclass(frozen=True, eq=False, slots=True)
class _Model:
    """Hold the tables of py3langid for ``CODES``, so that it scores many texts at once.

    ``nextmove[rows[state] + byte]`` is the state after a byte, ``output[state]`` the feature
    found there. ``weights`` is int8 [features, columns], times ``scale``, what is common to
    all languages left out: a quarter of the memory, and every figure the same; the last
    line, of zeros, stands for no feature. ``prior`` is float32 [columns]. The first columns
    are those of ``CODES``; a language written in two scripts has one more, which ``others``
    names with the place of its language.
    """

    nextmove: NDArray[np.uint32]
    rows: NDArray[np.uint32]
    output: NDArray[np.int64]
    weights: NDArray[np.int8]
    scale: np.float32
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
        output = np.array(every.tk_output, np.int64)
        output[output < 0] = len(weights) - 1
        return cls(
            nextmove=np.asarray(every.tk_nextmove, np.uint32),
            rows=np.array(every.tk_row, np.uint32) << np.uint32(8),
            output=output,
            weights=weights,
            scale=np.float32(scale),
            prior=every.nb_pc[[*first, *more]].astype(np.float32),
            others=[(len(CODES) + n, _PLACES[names[column]]) for n, column in enumerate(more)],
        )

    def scores(self, texts: Sequence[bytes]) -> Floats:
        """Return log-probabilities but for a constant, (texts, ``CODES``)."""
        features, counts, starts = self._counted(texts)
        parts = self.weights.take(features, axis=0).astype(np.float32)
        parts *= np.log1p(counts.astype(np.float32))[:, None]
        scores = np.add.reduceat(parts, starts, axis=0)
        scores *= self.scale
        scores += self.prior
        for column, place in self.others:
            np.maximum(scores[:, place], scores[:, column], out=scores[:, place])
        return scores[:, : len(CODES)]

    def _counted(
        self, texts: Sequence[bytes]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the features of all texts, how often each stands there, where a text's begin."""
        found = self.output.take(self._states(texts))
        # Every text has the break after it, so none is empty; the last break ends the last.
        sizes = [len(text) + 1 for text in texts]
        owners = np.arange(len(texts) + 1) << _FEATURE_BITS
        found |= owners.repeat([*sizes, 1])
        found.sort()
        lasts = (found[1:] != found[:-1]).nonzero()[0]
        counts = lasts.copy()
        counts[0] += 1
        counts[1:] -= lasts[:-1]
        found = found.take(lasts)
        return found & _FEATURE_MASK, counts, found.searchsorted(owners[:-1])

    def _states(self, texts: Sequence[bytes]) -> NDArray[np.uint32]:
        """Return the state after each byte of all texts and the breaks after them, two at last."""
        line = np.frombuffer(
            b"".join((_BREAK * (_LONGEST - 1), _BREAK.join(texts), _BREAK * 2)), np.uint8
        )
        states: NDArray[np.uint32] = self.nextmove.take(line + self.rows[0])
        for step in range(1, _LONGEST):
            moves = self.rows.take(states[:-1])
            moves += line[step:]
            states = self.nextmove.take(moves)
        return states


def _small(weights: NDArray[np.float16]) -> tuple[NDArray[np.int8], float]:
    """Return weights without what all languages have in common, as int8, and their scale.

    A line of zeros comes last. Some rows at a time: large temporary arrays would stay with
    the process.
    """
    starts = range(0, len(weights), _ROWS_AT_ONCE)
    scale = max(np.abs(_apart(weights, start)).max() for start in starts) / 127
    small = np.zeros((len(weights) + 1, weights.shape[1]), np.int8)
    for start in starts:
        end = min(start + _ROWS_AT_ONCE, len(weights))
        small[start:end] = np.round(_apart(weights, start) / scale)
    return small, float(scale)


def _apart(weights: NDArray[np.float16], start: int) -> Floats:
    rows = weights[start : start + _ROWS_AT_ONCE].astype(np.float32)
    return np.asarray(rows - rows.mean(axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=1)
def _model() -> _Model:
    return _Model.load()
