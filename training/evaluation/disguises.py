"""Rude words in plain and disguised spelling, and harmless words that hold rude ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from training.rows import Row

Trick = Callable[[str], str]

_FOLDER = Path(__file__).parent.parent / "written" / "judging"
_LEET = str.maketrans("aeiost", "4310$7")
_SIGNS = str.maketrans("aeis", "@€!$")
_TWINS = str.maketrans("aeopc", "аеорс")
_WIDE = {code: code + 0xFEE0 for code in range(ord("a"), ord("z") + 1)}
_MARKS = str.maketrans({letter: f"{letter}\u0336" for letter in "abcdefghijklmnopqrstuvwxyz"})


def _middle(word: str) -> int:
    """Return the place of the first vowel after the first letter, which people mask."""
    return next((i for i in range(1, len(word) - 1) if word[i] in "aeiouéè"), 1)


def _masked(word: str) -> str:
    place = _middle(word)
    return f"{word[:place]}*{word[place + 1 :]}"


def _stretched(word: str) -> str:
    place = _middle(word)
    return word[:place] + word[place] * 4 + word[place + 1 :]


TRICKS: Mapping[str, Trick] = {
    "as it is": str,
    "capitals": str.upper,
    "digits for letters": lambda word: word.translate(_LEET),
    "signs for letters": lambda word: word.translate(_SIGNS),
    "look-alikes of another script": lambda word: word.translate(_TWINS),
    "full-width letters": lambda word: word.translate(_WIDE),
    "struck through": lambda word: word.translate(_MARKS),
    "dots between": ".".join,
    "spaces between": " ".join,
    "hyphens between": "-".join,
    "invisible characters between": "\u200b".join,
    "a letter drawn out": _stretched,
    "a letter masked": _masked,
}


def disguised(trick: Trick) -> list[Row]:
    """Return every rude word in every sentence made for one, under ``trick``."""
    return [
        Row(sentence.format(trick(word)), lang, "disguised", {}, 1.0)
        for lang in ("fr", "en")
        for sentence in _lines(f"sentences_{lang}.txt")
        for word in _lines(f"rude_{lang}.txt")
    ]


def harmless() -> list[Row]:
    """Return sentences with words and names that hold a rude one, or look like it."""
    return [
        Row(line, lang, "harmless", {}, 1.0)
        for lang in ("fr", "en")
        for line in _lines(f"harmless_{lang}.txt")
    ]


def innocent() -> list[Row]:
    """Return ordinary words that hold the letters of a rude one, each in a few plain sentences.

    Words of the data folder's clean texts, a half of them by a hash of their beginning: the
    other half was looked at.
    """
    return [
        Row(around.format(word), lang, "innocent", {}, 1.0)
        for lang in ("fr", "en")
        for around in _lines(f"around_{lang}.txt")
        for word in _lines(f"inside_{lang}.txt")
    ]


def _lines(name: str) -> list[str]:
    return (_FOLDER / name).read_text(encoding="utf-8").splitlines()
