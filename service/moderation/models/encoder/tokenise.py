"""Text to token ids, in windows that the network can read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.moderation.models.encoder.windows import best, spread, stretches, worth_reading
from service.moderation.models.weights import Floats, ModelBroken

Rank = Callable[[Sequence[str]], Floats]
"""Say of each piece of a long text how much it deserves to be read: more is sooner."""


@dataclass(frozen=True, eq=False, slots=True)
class Tokeniser:
    """Cut texts into token ids.

    ``head`` and ``tail`` are the ids that open and close every window; ``room`` is how
    many of the text's own ids stand between them.
    """

    native: Any
    head: tuple[int, ...]
    tail: tuple[int, ...]
    room: int

    @classmethod
    def load(cls, path: Path, prefix: str, max_tokens: int) -> Tokeniser:
        """Return the tokeniser in a ``tokenizers`` file; raise ``ModelBroken``."""
        native = _opened(path)
        opening, closing = _specials(native)
        said = native.encode(prefix.strip(), add_special_tokens=False).ids if prefix else []
        head = (*opening, *said)
        room = max_tokens - len(head) - len(closing)
        if room < 1:
            raise ModelBroken(f"{path.name}: no room for text in {max_tokens} tokens")
        return cls(native, head, closing, room)

    def windows(self, text: str, rank: Rank | None = None) -> list[list[int]]:
        """Return the ids of ``text``, in at most ``MOST_WINDOWS`` windows where it is long.

        With ``rank`` the half that it puts first, in its order; without it as many as
        there are, or evenly spread ones, in reading order.
        """
        text = _whole(text)
        # One text at a time: in batches the library starts threads, which no fork survives.
        encoded = self.native.encode(text, add_special_tokens=False)
        ids = encoded.ids
        places = stretches(len(ids), self.room)
        if rank is None:
            places = spread(places)
        elif len(places) > 1:
            values = rank(_pieces(text, encoded.offsets, places))
            places = best(places, values, worth_reading(len(places)))
        return [[*self.head, *ids[start:end], *self.tail] for start, end in places]


def _whole(text: str) -> str:
    """Return ``text`` with a question mark for each half of a surrogate pair, as long as before."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _opened(path: Path) -> Any:
    from tokenizers import Tokenizer  # loaded with the first doubt, as the network is

    try:
        native = Tokenizer.from_file(str(path))
    except Exception as error:
        raise ModelBroken(f"{path.name} is no tokenizer file that can be read") from error
    native.no_padding()
    native.no_truncation()
    return native


def _specials(native: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the ids that the tokenizer itself puts before and after one text."""
    encoded = native.encode("a")
    own = np.flatnonzero(np.array(encoded.special_tokens_mask) == 0)
    if not len(own):
        raise ModelBroken("the tokenizer makes nothing of the letter a")
    return tuple(encoded.ids[: own[0]]), tuple(encoded.ids[own[-1] + 1 :])


def _pieces(
    text: str, offsets: Sequence[tuple[int, int]], places: Sequence[tuple[int, int]]
) -> list[str]:
    return [text[offsets[start][0] : offsets[end - 1][1]] for start, end in places]
