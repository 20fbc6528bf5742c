"""The blend: one score of the linear model's and the encoder's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.moderation.doubt import Flags, is_doubtful_spam, pairs_of
from service.moderation.models.encoder.about import DEFAULT_BLEND, About
from service.moderation.models.encoder.head import odds_of, probabilities
from service.moderation.models.weights import ATTRIBUTES, Floats
from service.moderation.signal import Attribute

_SPAM = ATTRIBUTES.index(Attribute.SPAM)


def blended(
    about: About, linear: Floats, encoder: Floats, langs: Sequence[str], has_learned: Flags
) -> Floats:
    """Return the scores of n comments that both have judged, (n, ``ATTRIBUTES``).

    Those of the weighted sum of both log-odds, so that the encoder lowers a score as
    well as it raises one; the encoder's alone in a language that the linear model has not
    learned (``has_learned``), the linear model's alone where the encoder has none. Spam
    that the linear model is sure of, or sure not to see, stays as it is: its words are
    better evidence than its meaning.
    """
    weights = pairs_of(about.blend, DEFAULT_BLEND, langs)
    weights[~has_learned] = 1.0, 0.0
    odds = weights[:, :1] * odds_of(encoder) + weights[:, 1:] * odds_of(linear)
    scores = np.where(np.isnan(encoder), linear, probabilities(odds))
    is_sure = ~is_doubtful_spam(linear)
    scores[is_sure, _SPAM] = linear[is_sure, _SPAM]
    return np.asarray(scores, np.float32)
