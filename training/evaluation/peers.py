"""The peers: packages that a site can install today, asked the same question as we."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from better_profanity import profanity as better_profanity
from glin_profanity import Filter
from profanity_check import predict_prob

from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute
from training.evaluation.contenders import Contender, Score, Values
from training.rows import Row

# All of ours that it knows; with its default, English alone, it is faster.
GLIN_LANGUAGES = ("english", "french", "german", "spanish", "portuguese", "italian", "dutch")

_ANSWERED = [ATTRIBUTES.index(each) for each in (Attribute.TOXICITY, Attribute.PROFANITY)]


def peers() -> list[Contender]:
    """Return the peers, whose one answer is taken as toxicity and as profanity."""
    better_profanity.load_censor_words()
    glin = Filter(
        {"languages": list(GLIN_LANGUAGES), "detect_leetspeak": True, "normalize_unicode": True}
    )
    return [
        Contender("alt-profanity-check", _one(lambda texts: list(predict_prob(list(texts))))),
        Contender(
            "better-profanity",
            _one(lambda texts: [better_profanity.contains_profanity(text) for text in texts]),
        ),
        Contender("glin-profanity", _one(lambda texts: [glin.is_profane(text) for text in texts])),
    ]


def _one(judge: Callable[[Sequence[str]], Sequence[float]]) -> Score:
    """Return a score of rows from one answer, 0..1, for each text."""

    def score(rows: Sequence[Row]) -> Values:
        scores = np.full((len(rows), len(ATTRIBUTES)), np.nan)
        scores[:, _ANSWERED] = np.array(judge([row.text for row in rows]), float)[:, None]
        return scores

    return score
