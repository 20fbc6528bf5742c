"""Language: which one a comment is written in, by its own words before anybody's claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from py3langid.langid import MODEL_FILE, LanguageIdentifier

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
_MOST_READ = 600
# What lies so far below the best, in log-odds, adds nothing to the sum.
_HOPELESS = 12.0


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
    common in two languages. One model, loaded at the first call; about 40 µs a text.
    """
    return [_identified(text, base_code(hint)) for text, hint in zip(texts, hints, strict=True)]


def is_served(code: str) -> bool:
    """Tell whether the tone models have learned the language, or nobody knows which it is."""
    return not code or code in SERVED


def base_code(tag: str) -> str:
    """Return the language of a tag without its country or script: ``fr`` for ``fr-CA``."""
    return tag.strip().lower().replace("_", "-").partition("-")[0]


def _identified(text: str, hint: str) -> Language:
    words = _words(text)
    if not any(map(str.isalpha, words)):
        return Language(hint, False, is_served(hint))
    probabilities = _probabilities(words, hint)
    best = max(probabilities, key=probabilities.__getitem__)
    if probabilities[best] >= SURE:
        return Language(best, True, best in SERVED)
    is_likely = probabilities[best] >= _LIKELY
    if best in SERVED and (is_likely or not hint):
        return Language(best, False, True)
    if best not in SERVED and _others_together(probabilities) >= SURE:
        return Language(best, False, False)
    code = hint or max(SERVED, key=lambda code: probabilities.get(code, 0.0))
    return Language(code, False, is_served(code))


def _words(text: str) -> str:
    """Return the beginning of ``text`` without addresses, mentions and hashtags."""
    return " ".join(
        word
        for word in text[:_MOST_READ].split()
        if "@" not in word and "://" not in word and not word.startswith(("#", "www."))
    )


def _probabilities(words: str, hint: str) -> Mapping[str, float]:
    """Return how probable the languages are that are not out of the question."""
    scores: list[tuple[str, float]] = _identifier().rank(words)
    # The model's own temperature: scores grow with the length, certainty with its root.
    root = math.sqrt(len(words.encode(errors="surrogatepass")))
    lowest = scores[0][1] - _HOPELESS * root
    weights = {
        code: math.exp((score - scores[0][1]) / root - _doubt(code, hint))
        for code, score in scores
        if score >= lowest
    }
    total = sum(weights.values())
    return {code: weight / total for code, weight in weights.items()}


def _doubt(code: str, hint: str) -> float:
    """Return what speaks against a language before its words are read, in log-odds."""
    if code == hint:
        return -_EXPECTED
    return 0.0 if code in SERVED else _SELDOM


def _others_together(probabilities: Mapping[str, float]) -> float:
    """Return how probable it is that the language is none of those served.

    Danish and Norwegian, Indonesian and Malay halve each other's probability.
    """
    return sum(value for code, value in probabilities.items() if code not in SERVED)


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """Return the identifier of the languages above, without the tables of the others."""
    every = LanguageIdentifier.from_model_file(MODEL_FILE)
    every.set_languages([*SERVED, *OTHERS])
    return LanguageIdentifier(
        every.nb_ptc.astype(np.float32), every.nb_pc, every.nb_classes,
        every.tk_nextmove, every.tk_output, tk_row=every.tk_row,
    )  # fmt: skip
