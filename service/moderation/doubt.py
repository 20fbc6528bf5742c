"""Doubt: which comments of a batch the linear model's word is not enough for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch
from service.moderation.checks.toxicity.cues import cues_of
from service.moderation.checks.toxicity.lexicon import shipped_words
from service.moderation.models.encoder.about import DEFAULT_BAND, About, Pair
from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Floats
from service.moderation.signal import Attribute

SPAM_DOUBT = (0.5, 0.95)
"""The linear model's spam scores that are doubtful: 3% of ordinary comments."""
PROFANITY_DOUBT = (0.25, 0.97)
"""The linear model's profanity scores that are doubtful where its band finds no toxicity: beside a
word that is talked about, or one that holds a rude one, it says one half too often."""
SURELY_SPAM, LEAST_RUDE_SPAM = 0.98, 0.5
"""From the first on a comment is not read for tone, unless that reaches the second: of 105 read
so, held-out ones and ordinary ones together, 4 changed their verdict. 1.5% of ordinary comments."""
LEAST_RUDE = 0.03
LEAST_CUED = {"threats": 0.0, "people": LEAST_RUDE, "refusals": 0.1}
"""The least toxicity with which a rude word, or a cue of a list, calls for a reader. Below these
reading changed no verdict of 2,500 ordinary comments; threats need no rude word to be meant, and
a refusal is read to lower a score."""

_SPAM, _TOXICITY, _PROFANITY = map(
    ATTRIBUTES.index, (Attribute.SPAM, Attribute.TOXICITY, Attribute.PROFANITY)
)
_SPAM_ENDS, _PROFANITY_ENDS = (
    np.array([ends], np.float32) for ends in (SPAM_DOUBT, PROFANITY_DOUBT)
)

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Doubts:
    """Say which comments call for a reader.

    ``strong`` doubts have a cause of their own; ``mild`` ones are those of a score and nothing
    else, which a skim may settle.
    """

    strong: Flags
    mild: Flags


def readable(batch: Batch, about: About | None) -> Flags:
    """Say which comments are in a language that the encoder has learned."""
    rows = zip(batch.languages, batch.once(main_langs), strict=True)
    return np.array(
        [language.is_served and (not about or about.knows(lang)) for language, lang in rows], bool
    )


def doubts(batch: Batch, scores: Floats, about: About | None) -> Doubts:
    """Say which comments, by their linear ``scores``, (n, attributes), call for a reader.

    Strongly those that may be spam, and those whose words give cause at all but the lowest
    scores: rude ones, names of groups of people, threats, refusals of insults. Mildly the
    others between the two ends of their language's band, and those that may be profane. What
    is surely spam is read only when rude.
    """
    toxicity, spam = scores[:, _TOXICITY], scores[:, _SPAM]
    bands = pairs_of(about.band if about else {}, DEFAULT_BAND, batch.once(main_langs))
    is_open = (spam < SURELY_SPAM) | (toxicity >= LEAST_RUDE_SPAM)
    strong = is_open & _is_between(spam, _SPAM_ENDS)
    for row in np.flatnonzero(is_open & ~strong).tolist():
        strong[row] = _has_cause(batch, row, toxicity[row])
    mild = _is_between(toxicity, bands) | _is_between(scores[:, _PROFANITY], _PROFANITY_ENDS)
    return Doubts(strong, is_open & ~strong & mild)


def main_langs(batch: Batch) -> list[str]:
    """Return the ISO 639-1 code of each comment's language, or an empty string (``Batch.once``)."""
    return [lang[:2].lower() for lang in batch.langs]


def pairs_of(table: Mapping[str, Pair], default: Pair, langs: Sequence[str]) -> Floats:
    """Return each language's pair from ``table``, or the general or ``default`` one, (n, 2)."""
    general = table.get(ANY_LANGUAGE, default)
    return np.array([table.get(lang, general) for lang in langs], np.float32).reshape(-1, 2)


def _is_between(values: Floats, ends: Floats) -> Flags:
    return np.asarray((ends[:, 0] <= values) & (values <= ends[:, 1]))


def _has_cause(batch: Batch, row: int, toxicity: float) -> bool:
    if toxicity >= LEAST_RUDE and any(batch.once(shipped_words().batch_hits)[row]):
        return True
    return any(
        toxicity >= least and cues_of(name).are_in(batch.texts[row])
        for name, least in LEAST_CUED.items()
    )
