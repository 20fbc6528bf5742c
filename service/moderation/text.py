"""A comment's text made ready for checks: folded to plain letters, then its disguises undone."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from itertools import product
from unicodedata import category, is_normalized, name, normalize

import numpy as np
from ahocorasick_rs import BytesAhoCorasick, Implementation

from service.cached import cached_property
from service.moderation.shapes import (
    BREAK,
    between_breaks,
    codes_of,
    shapes_of,
    stretches_with,
    trebled,
)
from service.moderation.signal import Span

Stretch = tuple[int, int]
"""A half-open range of code points."""
TakenOut = tuple[Sequence[Stretch], ...]
"""Stretches that were taken out of a text, those of each step in order."""


@dataclass(frozen=True, slots=True)
class Offsets:
    """Map a prepared text to where it came from, stretch by stretch.

    Stretch ``i`` begins at ``begins[i]`` of the prepared text and stems from what begins at
    ``starts[i]`` of the text before: letter for letter where ``widths[i]`` is 0, otherwise
    all of it from the same ``widths[i]`` characters. Where ``below`` is given, the text
    before was itself prepared, and ``below`` leads on to the original.
    """

    begins: Sequence[int]
    starts: Sequence[int]
    widths: Sequence[int]
    below: Offsets | None = None

    def span(self, start: int, end: int) -> Span:
        """Return the original's span behind ``prepared[start:end]``, which is not empty."""
        first, last = self._source(start)[0], self._source(end - 1)[1]
        return self.below.span(first, last) if self.below else Span(first, last)

    def _source(self, index: int) -> Stretch:
        place = bisect_right(self.begins, index) - 1
        start, width = self.starts[place], self.widths[place]
        if width:
            return start, start + width
        start += index - self.begins[place]
        return start, start + 1


@dataclass(frozen=True)
class Text:
    """Hold a text as written, and as two views that checks compare words with.

    ``plain`` is NFKC, without invisible characters, case and Latin accents, its Latin
    look-alikes from other scripts folded to Latin. ``revealed`` is ``plain`` with
    digits and signs inside words read as letters, spaced-out letters joined and
    letters repeated three times or more written once.
    """

    original: str
    plain: str
    revealed: str
    _taken_out: TakenOut = field(default=(), repr=False, compare=False)

    @classmethod
    def of(cls, original: str) -> Text:
        """Prepare ``original``; several are cheaper by ``each``."""
        return cls.each([original])[0]

    @classmethod
    def each(cls, originals: Sequence[str]) -> list[Text]:
        """Prepare ``originals``, in order."""
        if not originals:
            return []
        plains = [_plain(original) for original in originals]
        rows = zip(originals, plains, _may_be_disguised(plains), strict=True)
        return [
            cls(original, plain, *(_revealed(plain) if is_suspect else (plain, ())))
            for original, plain, is_suspect in rows
        ]

    def plain_offsets(self) -> Offsets:
        """Return where each character of ``plain`` came from; found once."""
        return self._plain_offsets

    def revealed_offsets(self) -> Offsets:
        """Return where each character of ``revealed`` came from; found once."""
        return self._revealed_offsets

    @cached_property
    def _plain_offsets(self) -> Offsets:
        return _folded_offsets(self.original, len(self.plain))

    @cached_property
    def _revealed_offsets(self) -> Offsets:
        return reduce(offsets_without, self._taken_out, self._plain_offsets)


# Folding to plain text ------------------------------------------------------------------

# Combining marks that stand on any script, and that no letter needs.
_LOOSE_MARKS = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f]")
# Signs of four characters and more each, mostly Arabic and Japanese, up to eighteen: 20,000 of
# them would be read as 360,000 letters.
_PHRASE_SIGNS = re.compile(
    f"[{''.join(c for c in map(chr, range(0x2000, 0x10000)) if len(normalize('NFKC', c)) > 3)}]"
)
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5")
_KEPT_CONTROLS = frozenset("\n\t")
_BY_HAND = {
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
    "ĳ": "ij",
    "ɑ": "a",
    "ɡ": "g",
    "ɩ": "i",
    "ʋ": "v",
    "ʀ": "r",
    "’": "'",
    "‘": "'",
    "\u02bc": "'",
    "\u2028": "\n",
    "\u2029": "\n",
    "\u2800": " ",
}
_LATIN_NAME = re.compile(
    r"LATIN SMALL LETTER ([A-Z])(?: WITH .*)?|LATIN LETTER SMALL CAPITAL ([A-Z])"
    r"|NEGATIVE (?:SQUARED|CIRCLED) LATIN CAPITAL LETTER ([A-Z])"
)


def _plain(original: str) -> str:
    if original.isascii():
        return (
            original.translate(_FOLDS).lower() if _ODD_ASCII.search(original) else original.lower()
        )
    folded = _folded_bytes(original)
    if _MORE_THAN_A_LETTER not in folded:
        return folded.decode("latin-1")
    composed = normalize("NFKC", _bounded(original))
    if _LOOKALIKE_SCRIPT.search(composed):
        composed = _latinised(composed.translate(_SHOWN))
    return composed.translate(_FOLDS)


def _bounded(original: str) -> str:
    """Return ``original``, of the same length, without signs that stand for a whole phrase."""
    return _PHRASE_SIGNS.sub(" ", original)


def _shown(char: str) -> str:
    """Return ``char``, a space for a blank control, or nothing for what no reader sees."""
    if _LOOSE_MARKS.match(char) or char in _BLANK_LETTERS:
        return ""
    if char in _KEPT_CONTROLS or category(char) not in {"Cc", "Cf", "Cs"}:
        return char
    return " " if char.isspace() else ""


def _folded(char: str) -> str:
    """Return the plain form, of any length, of one character of an NFKC text."""
    folded = _shown(char).casefold()
    return "".join(_BY_HAND.get(part) or _latin_letter(part) for part in folded if _shown(part))


def _latin_letter(char: str) -> str:
    """Return ``char`` without accent, stroke or frame when it is a Latin letter."""
    match = _LATIN_NAME.fullmatch(name(char, ""))
    return match[match.lastindex or 0].lower() if match else char


class _Remembered(dict[int, str]):
    """Translate characters by a function, asked once for each."""

    def __init__(self, function: Callable[[str], str]) -> None:
        self._function = function

    def __missing__(self, code: int) -> str:
        self[code] = self._function(chr(code))
        return self[code]


_SHOWN = _Remembered(_shown)
_FOLDS = _Remembered(_folded)
_ODD_ASCII = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


# Latin look-alikes (after the kinds in Unicode TR39; the pairs are chosen by eye) -----------

_LOOKALIKE_RANGES = r"\u0370-\u03ff\u0400-\u052f\u0531-\u058f\u13a0-\u13ff"
_LOOKALIKE_SCRIPT = re.compile(f"[{_LOOKALIKE_RANGES}]")
# A word that has such a letter; no other can change. It is looked at from its beginning only.
_LOOKALIKE_WORD = re.compile(
    rf"(?<![^\W\d_])[^\W\d_{_LOOKALIKE_RANGES}]*+(?=[{_LOOKALIKE_RANGES}])[^\W\d_]+"
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
# Letters that nobody can tell from the Latin one.
_TWINS = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХԌԚԜҮаеѕіјорсухһԁԛԝүΑΒΕΖΗΙΚΜΝΟΡΤΥΧονϲϳօՕսհᎪᏴᏟᎠᎬᏀᎻᎫᏦᏞᎷᏢᏚᎢᏙᏔᏃ",
        "ABESIJKMHOPCTYXGQWYaesijopcyxhdqwyABEZHIKMNOPTYXovcjoOuhABCDEGHJKLMPSTVWZ",
        strict=True,
    )
)
# Letters that pass for the Latin one inside a word of Latin letters.
_COUSINS = dict(zip("кмтвнгпиёїαρικετυγχωηβոց", "kmtbhrnueiapiketuyxwnbng", strict=True))
_FACES = _TWINS | _COUSINS
_FACE_CODES = str.maketrans(_FACES)


def _latinised(shown: str) -> str:
    """Return ``shown`` with look-alikes of Latin letters replaced, one for one.

    A word is folded when it also has Latin letters and nothing but look-alikes
    besides, or when it is all twins in a text that is otherwise Latin: genuine
    Russian or Greek is left as it is.
    """
    if not _LOOKALIKE_SCRIPT.search(shown):
        return shown
    is_latin_text = _LATIN.search(shown) is not None and _is_mixture(shown)
    return _LOOKALIKE_WORD.sub(lambda match: _latinised_word(match[0], is_latin_text), shown)


def _latinised_word(word: str, is_latin_text: bool) -> str:
    is_posing = _is_mixture(word) if _LATIN.search(word) else is_latin_text and _is_twin(word)
    return word.translate(_FACE_CODES) if is_posing else word


def _is_mixture(text: str) -> bool:
    """Tell whether every letter of another script in ``text`` passes for a Latin one."""
    return _FACES.keys() >= set(_LOOKALIKE_SCRIPT.findall(text))


def _is_twin(word: str) -> bool:
    return _TWINS.keys() >= set(word)


# Latin-1, in which most French is written, letter for letter ---------------------------------


def _latin_1_folded(char: str) -> str:
    """Return the plain letter of a character of Latin-1, or nothing where that is not all of it."""
    composed = normalize("NFKC", char)
    folded = composed.translate(_FOLDS)
    is_one = len(folded) == 1 and folded <= "\xff"
    return folded if is_one and not _LOOKALIKE_SCRIPT.search(composed) else ""


_MORE_THAN_A_LETTER = b"\0"
_LATIN_1_FOLDS = b"".join(
    _latin_1_folded(chr(code)).encode("latin-1") or _MORE_THAN_A_LETTER for code in range(0x100)
)


def _folded_bytes(original: str) -> bytes:
    """Return the plain letters in Latin-1, ``_MORE_THAN_A_LETTER`` where they are not all of it.

    As bytes: a table for strings would be asked anew for each letter in each text.
    """
    try:
        return original.encode("latin-1").translate(_LATIN_1_FOLDS)
    except UnicodeEncodeError:
        return _MORE_THAN_A_LETTER


# Where plain text came from ------------------------------------------------------------------

_JOINING = "+"
_KNOT = re.compile(r"[x+]\+*")


def _folded_offsets(original: str, length: int) -> Offsets:
    """Return where each of the ``length`` characters of the plain text came from.

    Only what does not make one character by itself is folded again, the rest is counted:
    a long text has a ligature here and an accent written apart there.
    """
    bounded = _bounded(original)
    kinds = bounded.translate(_KINDS_APART if is_normalized("NFKC", bounded) else _KINDS)
    begins, starts, widths = [0], [0], [0]
    for start, end in _knots(kinds):
        begin = begins[-1] + start - starts[-1]
        size = len(normalize("NFKC", bounded[start:end]).translate(_FOLDS))
        begins += (begin, begin + size)
        starts += (start, end)
        widths += (end - start, 0)
    if begins[-1] + len(bounded) - starts[-1] != length:
        return Offsets((0,), (0,), (len(original),))
    return Offsets(begins, starts, widths)


def _knots(kinds: str) -> Iterator[Stretch]:
    """Yield the stretches that do not become letter for letter: a character and its marks."""
    for match in _KNOT.finditer(kinds):
        start, end = match.span()
        yield start - (start > 0 and kinds[start] == _JOINING), end


def _kind(char: str) -> str:
    """Return whether ``char`` joins the one before, makes one plain letter, or is else."""
    return _JOINING if _joins_the_one_before(char) else _kind_apart(char)


def _kind_apart(char: str) -> str:
    return "." if len(normalize("NFKC", char).translate(_FOLDS)) == 1 else "x"


def _joins_the_one_before(char: str) -> bool:
    first = normalize("NFKD", char)[0]
    return category(first).startswith("M") or "\u1160" <= first <= "\u11ff"


# In a text that is composed already, marks stand for themselves.
_KINDS = _Remembered(_kind)
_KINDS_APART = _Remembered(_kind_apart)


# What disguises look like ----------------------------------------------------------------------

_MOST_SIGNS = 5


def _shapes_of_signs() -> Iterator[bytes]:
    """Yield every shape in which signs may be letters.

    They are read between letters, before three letters or the last ones of a text, or after
    letters when one of them may end a word.
    """
    yield from (b"$a", b"!a", b"a$", b"!$", b"0aaa", b"0a\n", b"0aa\n")
    for count in range(_MOST_SIGNS):
        yield from (b"a%b0a" % bytes(signs) for signs in product(b"0!$", repeat=count))


def _shapes_apart() -> Iterator[bytes]:
    """Yield every shape of three letters with the same one to three characters between."""
    for before, between, after in product(b".!$\n", (b".", b"..", b"..."), b".!$\n"):
        yield b"%ca%ba%ba%c" % (before, between, between, after)


_LETTERS_APART = BytesAhoCorasick(_shapes_apart(), implementation=Implementation.DFA)
_DISGUISES = BytesAhoCorasick(
    (*_shapes_of_signs(), *_shapes_apart()), implementation=Implementation.DFA
)


# Undoing disguises -----------------------------------------------------------------------------

_SIGNS = re.compile(r"[0-9@$!€|]+")
_READ_AS = dict(zip("0134578@$!€|", "oieastbasiei", strict=True))
_READ_CODES = str.maketrans(_READ_AS)
# Signs read as a letter at the start of a word; 7 and 8 there are mostly numbers.
_INITIALS = frozenset("1345$")
_FINALS = frozenset("@$€")
_NO_DIGITS = frozenset("@$!€")
_FEW_SIGNS = 2
# A token that still has a sign, looked at from its beginning only.
_SIGNED_TOKEN = re.compile(r"(?<!\S)[^\s0-9@$!€|]*+[0-9@$!€|]\S*")
_BESIDE_LETTERS = re.compile(
    r"(?<=[^\W\d_])[0134578@$€]{1,5}(?![0-9@$!€|])|(?<![0-9@$!€|])[0134578@$€]{1,5}(?=[^\W\d_])"
)
_SPACED_AFTER_A = 9  # an article, and four letters at least
# At least three single letters, the same separator between each two.
_SPACED = re.compile(
    r"(?<![^\W_])[^\W\d_]([ \n]?[.\-_*·~,/][ \n]?| )[^\W\d_](?:\1[^\W\d_])+(?![^\W_])"
)


def _may_be_disguised(plains: Sequence[str]) -> Sequence[bool]:
    """Say which texts have to be looked at: of 100 comments about 95 show no shape of one.

    All are written end to end, every character as what it is (``service.moderation.shapes``):
    a look that costs 1 µs a comment where ``_revealed`` costs 13.
    """
    codes = codes_of(between_breaks(plains))
    shapes = shapes_of(codes)
    found = _DISGUISES.find_matches_as_indexes(shapes.tobytes())
    places = [*(start for _, start, _ in found), *trebled(codes, shapes).tolist()]
    suspects = [False] * len(plains)
    if places:
        ends = np.array([len(plain) + len(BREAK) for plain in plains]).cumsum()
        for owner in ends.searchsorted(places, "right").tolist():
            suspects[owner] = True
    return suspects


def _revealed(plain: str) -> tuple[str, TakenOut]:
    """Return the revealed form of ``plain``, and what was taken out on the way, step by step."""
    read = _read_as_letters(plain)
    separators = _separators(read)
    joined = without(read, separators)
    repeats = _repeats(joined)
    return without(joined, repeats), (separators, repeats)


def _read_as_letters(plain: str) -> str:
    """Return ``plain``, of the same length, with signs inside words read as letters.

    Where one sign of a word must be a letter, those beside its letters are too:
    `m3rd3` has one inside and one at its end.
    """
    read = _SIGNS.sub(_letters_for, plain)
    if read == plain:
        return plain
    pieces: list[str] = []
    last = 0
    for start, end in stretches_with(_SIGNS, read):
        rest = partial(_rest_for, plain[start:end])
        pieces += (read[last:start], _SIGNED_TOKEN.sub(rest, read[start:end]))
        last = end
    return "".join((*pieces, read[last:]))


def _letters_for(match: re.Match[str]) -> str:
    signs, text = match[0], match.string
    if len(signs) > _MOST_SIGNS or not all(sign in _READ_AS for sign in signs):
        return signs
    before = text[match.start() - 1 : match.start()].isalpha()
    after = text[match.end() : match.end() + 1].isalpha()
    if (before and (after or _ends_a_word(signs))) or _begins_a_word(match):
        return "".join(_READ_AS[sign] for sign in signs)
    return signs


def _rest_for(plain: str, match: re.Match[str]) -> str:
    """Return a token with all signs beside its letters read, if one of them was."""
    token = match[0]
    if token == plain[match.start() : match.end()]:
        return token
    return _BESIDE_LETTERS.sub(lambda found: found[0].translate(_READ_CODES), token)


def _begins_a_word(match: re.Match[str]) -> bool:
    following = match.string[match.end() : match.end() + 3]
    signs = match[0]
    return signs[0] in _INITIALS and following.isalpha() and set(signs[1:]) <= _FINALS


def _ends_a_word(signs: str) -> bool:
    """Tell the end of a disguised word from what is written for effect or for money."""
    kinds = set(signs)
    if len(signs) <= _FEW_SIGNS:
        return kinds <= _FINALS
    return len(kinds) > 1 and bool(kinds & _FINALS) and kinds <= _NO_DIGITS


def _separators(text: str) -> list[Stretch]:
    """Return the stretches between spaced-out letters of one word."""
    shapes = shapes_of(codes_of(between_breaks([text])))
    if not _LETTERS_APART.find_matches_as_indexes(shapes.tobytes()):
        return []
    return [gap for match in _SPACED.finditer(text) for gap in _gaps(match)]


def _gaps(match: re.Match[str]) -> Iterator[Stretch]:
    step = len(match[1]) + 1
    first = match.start() + 1 + (step if _begins_with_article(match[0]) else 0)
    return ((i, i + step - 1) for i in range(first, match.end() - 1, step))


def _begins_with_article(spaced: str) -> bool:
    """Tell the `a` of `what a b a s t a r d` from that of `a s s h o l e`."""
    return len(spaced) >= _SPACED_AFTER_A and spaced[:2] == "a " and spaced[2] != spaced[4]


def _repeats(text: str) -> list[Stretch]:
    """Return what follows the first of three or more equal letters."""
    codes = codes_of(text)
    places = trebled(codes, shapes_of(codes))
    if not len(places):
        return []
    # The last place of each run: what follows it is no neighbour.
    lasts = np.append(places[1:] - places[:-1] > 1, True)
    ends = places[lasts].tolist()
    starts = places[np.roll(lasts, 1)].tolist()
    return [(start + 1, end + 3) for start, end in zip(starts, ends, strict=True)]


def without(text: str, stretches: Sequence[Stretch]) -> str:
    """Return ``text`` without ``stretches``, which are apart and in order."""
    if not stretches:
        return text
    starts = [0, *(end for _, end in stretches)]
    ends = [*(start for start, _ in stretches), len(text)]
    return "".join(text[start:end] for start, end in zip(starts, ends, strict=True))


def offsets_without(below: Offsets, stretches: Sequence[Stretch]) -> Offsets:
    """Return the offsets of what is left of a text with offsets ``below`` without ``stretches``."""
    if not stretches:
        return below
    begins, starts = [0], [0]
    for start, end in stretches:
        begins.append(begins[-1] + start - starts[-1])
        starts.append(end)
    return Offsets(begins, starts, [0] * len(starts), below)
