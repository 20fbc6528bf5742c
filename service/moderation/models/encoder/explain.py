"""Why the encoder finds what it finds: what becomes of a score when words are left out.

Never on the way of a comment: one explanation costs as much as judging forty.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from service.moderation.models.encoder.encoder import Encoder
from service.moderation.models.encoder.head import odds_of
from service.moderation.models.encoder.tokenise import Rank
from service.moderation.models.weights import Floats
from service.moderation.signal import Span

MOST_GROUPS = 24
"""Words are left out one by one up to so many, beyond that in groups of neighbours."""
MOST_REFINED = 2
"""So many of the groups that matter most are looked at word by word."""

_WORD = re.compile(r"\S+")

Words = tuple[Span, ...]


def explain(
    encoder: Encoder, text: str, lang: str, rank: Rank | None = None
) -> list[tuple[Span, Floats]]:
    """Return stretches of ``text`` in reading order, with what each adds to every attribute.

    The amounts are (``ATTRIBUTES``), in calibrated log-odds: how much higher the score is
    with the stretch than without it; NaN for an attribute that the model knows nothing
    of. Raises what ``Encoder.judge`` raises.
    """
    words = tuple(Span(*found.span()) for found in _WORD.finditer(text))
    size = max(1, math.ceil(len(words) / MOST_GROUPS))
    groups = [words[start : start + size] for start in range(0, len(words), size)]
    amounts = _amounts(encoder, text, lang, groups, rank)
    if size == 1:
        return [(_whole(group), amount) for group, amount in zip(groups, amounts, strict=True)]
    strongest = np.argsort(-np.nanmax(np.abs(amounts), axis=1))[:MOST_REFINED].tolist()
    singles = [(word,) for index in strongest for word in groups[index]]
    fine = _amounts(encoder, text, lang, singles, rank)
    kept = [pair for pair in enumerate(groups) if pair[0] not in strongest]
    found = [(_whole(group), amounts[index]) for index, group in kept]
    found += [(single[0], amount) for single, amount in zip(singles, fine, strict=True)]
    return sorted(found, key=lambda pair: pair[0].start)


def _amounts(
    encoder: Encoder, text: str, lang: str, groups: Sequence[Words], rank: Rank | None
) -> Floats:
    """Return what each group adds, (groups, attributes)."""
    texts = [text, *(_without(text, group) for group in groups)]
    odds = odds_of(encoder.judge(texts, [lang] * len(texts), rank).scores)
    return np.asarray(odds[0] - odds[1:], np.float32)


def _without(text: str, group: Words) -> str:
    return text[: group[0].start] + text[group[-1].end :]


def _whole(group: Words) -> Span:
    return Span(group[0].start, group[-1].end)
