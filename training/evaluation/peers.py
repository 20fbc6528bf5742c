"""The peers: packages that a site can install today, asked the same question as we."""

from __future__ import annotations

from better_profanity import profanity as better_profanity
from glin_profanity import Filter
from profanity_check import predict_prob

from training.evaluation.contenders import Contender, Judge, of_one_answer

# All of ours that it knows; with its default, English alone, it is faster.
GLIN_LANGUAGES = ("english", "french", "german", "spanish", "portuguese", "italian", "dutch")


def peers() -> list[Contender]:
    """Return the peers, whose one answer is taken as toxicity and as profanity."""
    better_profanity.load_censor_words()
    glin = Filter(
        {"languages": list(GLIN_LANGUAGES), "detect_leetspeak": True, "normalize_unicode": True}
    )
    judges: dict[str, Judge] = {
        "alt-profanity-check": lambda texts: list(predict_prob(list(texts))),
        "better-profanity": lambda texts: [
            better_profanity.contains_profanity(text) for text in texts
        ],
        "glin-profanity": lambda texts: [glin.is_profane(text) for text in texts],
    }
    return [Contender(name, of_one_answer(judge)) for name, judge in judges.items()]
