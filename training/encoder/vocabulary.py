"""The tokenizer, cut down to the pieces that the served languages use.

What is cut falls apart into smaller pieces that stay: every letter, sign and emoji of
the scripts that are served, and bytes for all the rest. Nothing becomes ``<unk>``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category, name, normalize

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer
from tokenizers.models import Unigram
from tokenizers.normalizers import NFKC, Replace, Strip
from tokenizers.normalizers import Sequence as Steps
from tokenizers.pre_tokenizers import Metaspace
from tokenizers.processors import TemplateProcessing

from training.encoder.source import BOS, EOS, UNK, Source

# With more pieces the file outgrows its place, with fewer texts fall into longer rows.
MOST_PIECES = 45_000

_SPECIALS = 4
_BYTES = 256
_SPACE = "▁"
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK")
# Marks left over after composing, and what no reader sees.
_UNSEEN = r"[\p{Mn}\p{Cf}]"
# Signs that the source has no piece for, met this often, get one that is learned.
_MIN_MET = 4
_NEW_SCORE = -15.0
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Hold the tokenizer, and the source's row of embeddings behind its first pieces.

    Pieces beyond ``rows`` have no embedding yet.
    """

    tokenizer: Tokenizer
    rows: NDArray[np.int64]

    @property
    def new(self) -> int:
        """Return how many pieces have no embedding yet."""
        return int(self.tokenizer.get_vocab_size()) - len(self.rows)

    @classmethod
    def load(cls, folder: Path) -> Vocabulary:
        """Return the vocabulary that ``save`` wrote into ``folder``."""
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        return cls(tokenizer, np.load(folder / "rows.npy"))

    def save(self, folder: Path) -> None:
        """Write the vocabulary into ``folder``."""
        folder.mkdir(parents=True)
        np.save(folder / "rows.npy", self.rows)
        self.tokenizer.save(str(folder / "tokenizer.json"))


def cut(source: Source, texts: Sequence[str], most: int = MOST_PIECES) -> Vocabulary:
    """Return a tokenizer of about ``most`` pieces, those that ``texts`` use the most."""
    kept = _kept(source.pieces, _met(source, texts), most)
    pieces = [source.pieces[i] for i in kept]
    known = {piece for piece, _ in source.pieces}
    signs = [(sign, _NEW_SCORE) for sign in _signs(texts) if sign not in known]
    lowest = min(score for _, score in pieces) - 10.0
    bytes_ = [(f"<0x{value:02X}>", lowest) for value in range(_BYTES)]
    return Vocabulary(_tokenizer([*pieces, *signs, *bytes_], has_bytes=True), np.array(kept))


def _met(source: Source, texts: Sequence[str]) -> Counter[int]:
    """Return how often each piece of the whole vocabulary stands in ``texts``."""
    whole = _tokenizer(source.pieces, has_bytes=False)
    met: Counter[int] = Counter()
    for start in range(0, len(texts), _CHUNK):
        for encoding in whole.encode_batch(texts[start : start + _CHUNK]):
            met.update(encoding.ids)
    return met


def _kept(pieces: Sequence[tuple[str, float]], met: Counter[int], most: int) -> list[int]:
    """Return the indices that stay, in the source's order: specials, letters, the most met."""
    needed = {*range(_SPECIALS), *_letters(piece for piece, _ in pieces)}
    for index, _ in sorted(met.items(), key=lambda item: (-item[1], item[0])):
        if len(needed) >= most:
            break
        needed.add(index)
    return sorted(needed)


def _letters(pieces: Iterable[str]) -> Iterator[int]:
    for index, piece in enumerate(pieces):
        if piece == _SPACE or (len(piece) == 1 and _is_served(piece)):
            yield index


def _is_served(char: str) -> bool:
    """Tell whether a character is a sign, a digit, an emoji or a letter of a served script."""
    kind = category(char)
    if kind[0] == "L":
        return name(char, "").startswith(_SCRIPTS)
    return kind[0] in "SP" or char.isascii()


def _signs(texts: Iterable[str]) -> list[str]:
    """Return the signs and emoji of ``texts`` that are met often, in a fixed order."""
    met = Counter(char for text in texts if not text.isascii() for char in text if char > "⁰")
    return sorted(char for char, count in met.items() if count >= _MIN_MET and _is_sign(char))


def _is_sign(char: str) -> bool:
    return category(char) == "So" and normalize("NFKC", char) == char


def _tokenizer(pieces: list[tuple[str, float]], has_bytes: bool) -> Tokenizer:
    tokenizer = Tokenizer(Unigram(pieces, unk_id=UNK, byte_fallback=has_bytes))
    tokenizer.normalizer = Steps(
        [NFKC(), Replace(Regex(_UNSEEN), ""), Replace(Regex(r"\s+"), " "), Strip()]
    )
    tokenizer.pre_tokenizer = Metaspace(_SPACE, "always")
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", BOS), ("</s>", EOS)]
    )
    return tokenizer
