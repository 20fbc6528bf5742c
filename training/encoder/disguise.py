"""Spelling tricks put into texts, so that the encoder learns to read through them."""

from __future__ import annotations

import random
from collections.abc import Callable
from unicodedata import category, normalize

Trick = Callable[[str, random.Random], str]

_MIN_LETTERS = 4
_DIGITS = dict(zip("aeiostbg", "43105789", strict=True))
_SIGNS = dict(zip("aeiosulc", "@€!0$*|(", strict=True))
_TWINS = dict(zip("aeopcxyi", "аеорсхуі", strict=True))
_SMS = (
    ("qu", "k"),
    ("c'est", "c"),
    ("j'ai", "g"),
    ("tu es", "t"),
    ("t'es", "t"),
    ("vous", "vs"),
    ("pour", "pr"),
    ("dans", "ds"),
    ("toujours", "tjrs"),
    ("beaucoup", "bcp"),
    ("you are", "ur"),
    ("you're", "ur"),
    ("you", "u"),
    ("are", "r"),
    ("people", "ppl"),
    ("because", "cuz"),
    ("eau", "o"),
)


def disguised(text: str, rng: random.Random) -> str:
    """Return ``text`` after one trick chosen by ``rng``."""
    return rng.choice(_TRICKS)(text, rng)


def folded(text: str) -> str:
    """Return ``text`` in lower case without accents, as many people type it."""
    return "".join(char for char in normalize("NFD", text.lower()) if category(char) != "Mn")


def _fold(text: str, _: random.Random) -> str:
    return folded(text)


def _lower(text: str, _: random.Random) -> str:
    return text.lower()


def _shout(text: str, _: random.Random) -> str:
    return text.upper()


def _shorten(text: str, _: random.Random) -> str:
    """Return the text as in a text message."""
    short = text.lower()
    for long, brief in _SMS:
        short = short.replace(long, brief)
    return short


def _substitute(table: dict[str, str]) -> Trick:
    def trick(word: str, rng: random.Random) -> str:
        places = [i for i, char in enumerate(word) if char.lower() in table]
        chosen = {i for i in places if rng.random() < 0.6}
        return "".join(table[c.lower()] if i in chosen else c for i, c in enumerate(word))

    return _words(trick)


def _separate(word: str, rng: random.Random) -> str:
    return rng.choice(". -*_ ").join(word)


def _stretch(word: str, rng: random.Random) -> str:
    place = rng.randrange(len(word))
    return word[:place] + word[place] * rng.randint(2, 5) + word[place:]


def _mask(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word) - 1)
    return word[:place] + rng.choice("*.-_") + word[place + 1 :]


def _swap(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word) - 2)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _drop(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word))
    return word[:place] + word[place + 1 :]


def _hide(word: str, rng: random.Random) -> str:
    place = rng.randrange(1, len(word))
    return word[:place] + rng.choice("\u200b\u200d\u00ad") + word[place:]


def _words(change: Trick, share: float = 0.35) -> Trick:
    """Return a trick that changes some of the longer words, one at the least."""

    def trick(text: str, rng: random.Random) -> str:
        words = text.split(" ")
        long = [i for i, word in enumerate(words) if len(word) >= _MIN_LETTERS and word.isalpha()]
        if not long:
            return text
        sure = rng.choice(long)
        for i in long:
            if i == sure or rng.random() < share:
                words[i] = change(words[i], rng)
        return " ".join(words)

    return trick


_TRICKS: tuple[Trick, ...] = (
    _fold,
    _fold,
    _lower,
    _shout,
    _shorten,
    _substitute(_DIGITS),
    _substitute(_SIGNS),
    _substitute(_TWINS),
    _words(_separate, 0.1),
    _words(_stretch),
    _words(_mask),
    _words(_swap),
    _words(_drop),
    _words(_hide),
)
