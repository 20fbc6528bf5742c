"""The peers of the checks: packages that look for profanity, asked about the same comments."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from better_profanity import profanity as better_profanity
from glin_profanity import Filter
from profanity_check import predict_prob

from bench.contender import Contender, Judge, said
from service.moderation.comment import Case
from training.evaluation.peers import GLIN_LANGUAGES

PACKAGES = ("alt-profanity-check", "better-profanity", "glin-profanity", "scikit-learn")


def word_peers() -> list[Contender]:
    """Return the peers, their word lists loaded; the slow ones get fewer comments."""
    better_profanity.load_censor_words()
    glin_all = Filter({"languages": list(GLIN_LANGUAGES), "detect_leetspeak": True})
    glin_english = Filter({"languages": ["english"]})
    return [
        Contender("alt-profanity-check, 256 at a time", _predict, 2048),
        Contender("alt-profanity-check, one at a time", _predict, 256, 1),
        Contender("better-profanity", _each(better_profanity.contains_profanity), 128),
        Contender("glin-profanity, English", _each(glin_english.is_profane), 256),
        Contender("glin-profanity, seven languages, leetspeak", _each(glin_all.is_profane), 128),
    ]


def _predict(cases: Sequence[Case]) -> object:
    return predict_prob(said(cases)[0])


def _each(judge: Callable[[str], object]) -> Judge:
    return lambda cases: [judge(case.comment.content) for case in cases]
