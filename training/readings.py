"""Labels given by reading to texts of the data folder that had none, or a doubtful one.

The texts stay where they are, some may not be passed on: ``written/readings`` holds the hash
of each and a code after the data folder's labelling guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path

from training.notes import lines_of

_FOLDER = Path(__file__).parent / "written" / "readings"
_KEY_BYTES = 6
_LABELS = {"0": 0.0, "1": 0.5, "2": 1.0}
_DETAILS = {
    "i": "insult",
    "h": "identity_attack",
    "t": "threat",
    "s": "severe_toxicity",
    "x": "sexually_explicit",
    "p": "profanity",
    "q": "quoted",
}

Reading = tuple[float, Sequence[str]]
"""The label, 0, 0.5 or 1, and what is in the text."""


@cache
def readings() -> Mapping[str, Reading]:
    """Return what was read, by the text's key."""
    lines = (line.split("\t") for path in sorted(_FOLDER.glob("*.tsv")) for line in lines_of(path))
    return {key: reading_of(code) for key, code in lines}


def reading_of(code: str) -> Reading:
    """Return what ``code`` says: a digit, and a letter for each thing that is in the text.

    Raises KeyError for a code that the guide does not know.
    """
    return _LABELS[code[0]], [_DETAILS[letter] for letter in code[1:]]


def key_of(text: str) -> str:
    """Return the name of ``text`` in the files."""
    return blake2b(text.encode("utf-8", "replace"), digest_size=_KEY_BYTES).hexdigest()
