"""Doubt: which comments of a batch the linear model's word is not enough for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch
from service.moderation.checks.toxicity.cues import shipped_cues
from service.moderation.checks.toxicity.lexicon import shipped_words
from service.moderation.models.encoder.about import DEFAULT_BAND, About, Pair
from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Floats
from service.moderation.signal import Attribute

SPAM_DOUBT = (0.15, 0.95)
"""The linear model's spam scores that are doubtful: 5% of ordinary comments."""

_SPAM, _TOXICITY = ATTRIBUTES.index(Attribute.SPAM), ATTRIBUTES.index(Attribute.TOXICITY)

Flags = NDArray[np.bool_]


def readable(batch: Batch, about: About | None) -> Flags:
    """Say which comments are in a language that the encoder has learned."""
    rows = zip(batch.languages, main_langs(batch), strict=True)
    return np.array(
        [language.is_served and (not about or about.knows(lang)) for language, lang in rows], bool
    )


def doubtful(batch: Batch, scores: Floats, about: About | None) -> Flags:
    """Say which comments, by their linear ``scores``, (n, attributes), call for a reader.

    Those between the two ends of their language's band, those that may be spam, and
    those whose words give cause whatever the score: rude ones, names of groups of
    people, threats, reports of insults.
    """
    bands = pairs_of(about.band if about else {}, DEFAULT_BAND, main_langs(batch))
    spam_bands = np.array([SPAM_DOUBT], np.float32)
    found = _is_between(scores[:, _TOXICITY], bands) | _is_between(scores[:, _SPAM], spam_bands)
    for row in np.flatnonzero(~found):
        found[row] = _has_cause(batch, int(row))
    return found


def main_langs(batch: Batch) -> list[str]:
    """Return the ISO 639-1 code of each comment's language, or an empty string."""
    return [lang[:2].lower() for lang in batch.langs]


def pairs_of(table: Mapping[str, Pair], default: Pair, langs: Sequence[str]) -> Floats:
    """Return each language's pair from ``table``, or the general or ``default`` one, (n, 2)."""
    general = table.get(ANY_LANGUAGE, default)
    return np.array([table.get(lang, general) for lang in langs], np.float32).reshape(-1, 2)


def _is_between(values: Floats, ends: Floats) -> Flags:
    return np.asarray((ends[:, 0] <= values) & (values <= ends[:, 1]))


def _has_cause(batch: Batch, row: int) -> bool:
    rude_words = batch.once(shipped_words().batch_hits)[row]
    return any(rude_words) or shipped_cues().are_in(batch.texts[row])
