"""Scores for doors that ask for numbers instead of a verdict: the same checks, no policy.

A score is the total of what the pipeline's checks found. Where they found nothing worth
reporting it is the models' own number, which is below what they report, so that a caller
may put texts in order that are all harmless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from service.api.services import services
from service.compat.judging import batch_of
from service.judge import cascade
from service.moderation.batch import Batch
from service.moderation.cascade import Cascade
from service.moderation.checks import attributes_of
from service.moderation.checks.site.layer import SiteLayerCheck
from service.moderation.checks.spam.linear import WORDS_WEIGHT
from service.moderation.comment import Case, Comment, Facts
from service.moderation.language import Language
from service.moderation.models.weights import ATTRIBUTES, Floats, ModelBroken
from service.moderation.pipeline import Pipeline
from service.moderation.signal import ARRIVAL, TONE, Attribute, Signal, combine
from service.store.sites import Site


class NotScreened(Exception):
    """Say that some check could not judge a text: there is no honest number for it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Hold what one text was found to be, 0..1 for every attribute asked for."""

    scores: Mapping[Attribute, float]


@dataclass(frozen=True)
class Texts:
    """Hold texts that are no comments here: nobody's, from nowhere, under no page.

    ``lang`` is the language to judge them in; empty: each in the one it is written in, where
    ``expected`` is what to expect. ``wanted`` are the attributes asked for. Without
    ``hears_layer`` what the site has learned says nothing.
    """

    site: Site
    contents: Sequence[str]
    lang: str = ""
    expected: str = ""
    wanted: frozenset[Attribute] = TONE
    hears_layer: bool = True

    @cached_property
    def batch(self) -> Batch:
        """Return the texts as the checks look at them."""
        facts = Facts(site_lang=self.expected)
        return batch_of(
            self.site,
            [
                Case(Comment("", self.site.name, "", content, lang=self.lang), facts)
                for content in self.contents
            ],
        )

    @property
    def languages(self) -> Sequence[Language]:
        """Return the language each text is written in, by its words."""
        return self.batch.languages

    def judged_in(self, lang: str) -> Texts:
        """Return the same texts, to be judged in ``lang``."""
        is_so = all(each == lang for each in self.batch.langs)
        return self if is_so else replace(self, lang=lang, expected=lang)

    def scored(self) -> list[Scored]:
        """Return the scores of what is wanted, in order; those of the rest mean nothing.

        Raises ``NotScreened`` where a check is down: a low number would let pass what
        nobody judged.
        """
        pipeline = _word_checks(services().pipeline(), self.wanted)
        findings = pipeline.look(self.batch)
        silent = self._silent()
        if any(set(names) - silent for names in findings.unscreened):
            raise NotScreened
        rows = zip(findings.signals, self._numbers().tolist(), strict=True)
        return [Scored(_totals(signals, numbers, silent)) for signals, numbers in rows]

    def _silent(self) -> frozenset[str]:
        """Return the checks that are not listened to."""
        on_trial: Sequence[str] = self.site.policy.get("log_only", ())
        return frozenset(on_trial if self.hears_layer else (*on_trial, SiteLayerCheck.name))

    def _numbers(self) -> Floats:
        """Return the models' own scores, once it is known that they can read every text."""
        try:
            models = _cascade()
        except ModelBroken:
            raise NotScreened from None
        judgement = self.batch.once(models.judge)
        if (judgement.is_missed & ~self.batch.once(models.has_learned)).any():
            raise NotScreened
        return judgement.scores


def _cascade() -> Cascade:
    return cascade(services().settings)


def _totals(
    signals: Sequence[Signal], numbers: Sequence[float], silent: frozenset[str]
) -> Mapping[Attribute, float]:
    heard = [signal for signal in signals if signal.check not in silent] if silent else signals
    totals = combine(heard)
    for attribute, number in zip(ATTRIBUTES, numbers, strict=True):
        if attribute not in totals:
            totals[attribute] = number * (WORDS_WEIGHT if attribute is Attribute.SPAM else 1.0)
    return totals


@lru_cache(maxsize=1 << len(Attribute))
def _word_checks(pipeline: Pipeline, wanted: frozenset[Attribute]) -> Pipeline:
    """Return the pipeline of the checks that read words and may speak of what is wanted.

    Without those of arrival: there is neither a form nor a window, and the texts of one call
    are no copies of each other.
    """

    def is_wanted(name: str) -> bool:
        return name not in ARRIVAL and not wanted.isdisjoint(attributes_of(name))

    return replace(
        pipeline,
        checks=tuple(check for check in pipeline.checks if is_wanted(check.name)),
        faulty=tuple(name for name in pipeline.faulty if is_wanted(name)),
    )
