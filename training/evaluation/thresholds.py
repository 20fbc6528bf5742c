"""Thresholds: the totals that clean comments cross at the rates wanted, and whom they find."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import TONE, Attribute
from training.evaluation.contenders import CHECKS
from training.evaluation.judged import Judged
from training.evaluation.tables import LIKE_COMMENTS
from training.measure import share_above

REFUSED, HELD = 0.01, 0.05
"""The shares of clean comments that the default policy may refuse and hold."""

_MIN_ROWS = 10
# Found by words of hate, or built to look like it: clean rows there are the hardest.
_HARD = ("posts_read", "contrast_written")


def thresholds(judged: Judged) -> Iterator[str]:
    """Yield the lines of the table."""
    yield from ("", "#### All checks: thresholds on clean comments", "")
    yield (
        "| attribute, language | clean | 5% are above | 1% are above"
        " | guilty above the first | above the second | hard clean above the second |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for attribute in (name for name in ATTRIBUTES if name in TONE):
        for lang in ("fr", "en"):
            part = judged.where(
                lambda row, lang=lang: row.lang == lang and row.source in LIKE_COMMENTS  # type: ignore[misc]
            )
            yield from _line(part, attribute, lang)


def _line(judged: Judged, attribute: Attribute, lang: str) -> Iterator[str]:
    column = ATTRIBUTES.index(attribute)
    clean = judged.part(judged.targets[:, ATTRIBUTES.index(Attribute.TOXICITY)] < 0.3)
    easy = clean.where(lambda row: row.source not in _HARD).scores[CHECKS][:, column]
    hard = clean.where(lambda row: row.source in _HARD).scores[CHECKS][:, column]
    guilty = judged.scores[CHECKS][judged.targets[:, column] >= 0.75, column]
    if min(len(easy), len(guilty)) < _MIN_ROWS:
        return
    held, refused = np.quantile(easy, 1 - HELD), np.quantile(easy, 1 - REFUSED)
    shares = [share_above(guilty, held), share_above(guilty, refused), share_above(hard, refused)]
    figures = " | ".join("–" if np.isnan(share) else f"{share:.1%}" for share in shares)
    yield f"| {attribute}, {lang} | {len(easy)} | {held:.2f} | {refused:.2f} | {figures} |"
