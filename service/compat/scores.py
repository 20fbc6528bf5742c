"""Scores for doors that ask for numbers instead of a verdict: the same checks, no policy.

A score is the total of what the pipeline's checks found. Where they found nothing worth
reporting it is the models' own number, which is below what they report, so that a caller
may put texts in order that are all harmless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, chain, pairwise

from service.api.services import services
from service.cached import cached_property
from service.compat.judging import batch_of
from service.moderation.batch import Batch
from service.moderation.checks import attributes_of
from service.moderation.checks.site.layer import SiteLayerCheck
from service.moderation.comment import Case, Comment, Facts
from service.moderation.graded import graded
from service.moderation.language import Language
from service.moderation.models.weights import ModelBroken
from service.moderation.pipeline import Pipeline
from service.moderation.signal import ARRIVAL, TONE, Attribute, Signal, combine
from service.store.sites import Site


class NotScreened(Exception):
    """Say that some check could not judge a text: there is no honest number for it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Hold what one text was found to be, 0..1 for every attribute asked for."""

    scores: Mapping[Attribute, float]


@dataclass(frozen=True, slots=True)
class Found:
    """Hold what was found of a few texts, in order.

    ``langs`` are the ISO 639-1 codes of the languages they were judged in; a text whose score
    is None some check could not judge.
    """

    languages: Sequence[Language]
    langs: Sequence[str]
    scored: Sequence[Scored | None]


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
    def cases(self) -> Sequence[Case]:
        """Return the texts as the checks look at them."""
        facts = Facts(site_lang=self.expected)
        return [
            Case(Comment("", self.site.name, "", content, lang=self.lang), facts)
            for content in self.contents
        ]

    @property
    def languages(self) -> Sequence[Language]:
        """Return the language each text is written in, by its words."""
        return self._found.languages

    def judged_in(self, lang: str) -> Texts:
        """Return the same texts, to be judged in ``lang``."""
        is_so = self.lang == lang or all(each == lang for each in self._found.langs)
        return self if is_so else replace(self, lang=lang, expected=lang)

    def scored(self) -> list[Scored]:
        """Return the scores of what is wanted, in order; those of the rest mean nothing.

        Raises ``NotScreened`` where a check is down: a low number would let pass what
        nobody judged.
        """
        scored = [each for each in self._found.scored if each is not None]
        if len(scored) < len(self.contents):
            raise NotScreened
        return scored

    @cached_property
    def _found(self) -> Found:
        """Return what is found of them, judged beside those of other requests of this moment."""
        alike = (self.site.name, self.wanted, self.hears_layer)
        return services().judging.do(alike, self, _found_together)


def _found_together(askers: Sequence[Texts]) -> list[Found]:
    """Return what is found of the texts of each asker; all want the same, of the same site."""
    first = askers[0]
    cases = list(chain.from_iterable(texts.cases for texts in askers))
    batch = batch_of(first.site, cases)
    scored = _scored(batch, first)
    ends = list(accumulate(len(texts.cases) for texts in askers))
    places = [slice(start, end) for start, end in pairwise([0, *ends])]
    return [Found(batch.languages[at], batch.langs[at], scored[at]) for at in places]


def _scored(batch: Batch, asked: Texts) -> list[Scored | None]:
    """Return the scores of what is ``asked`` for, in order; None where a check is down."""
    findings = _word_checks(services().pipeline(), asked.wanted).look(batch)
    silent = _silent(asked)
    try:
        models = services().models()
    except ModelBroken:
        return [None] * len(batch)
    judgement = batch.once(models.judge)
    is_unread = judgement.is_missed & ~batch.once(models.has_learned)
    rows = zip(
        findings.signals,
        findings.unscreened,
        judgement.scores.tolist(),
        is_unread.tolist(),
        strict=True,
    )
    return [
        None if unread or set(down) - silent else Scored(_totals(signals, numbers, silent))
        for signals, down, numbers, unread in rows
    ]


def _silent(asked: Texts) -> frozenset[str]:
    """Return the checks that are not listened to."""
    on_trial: Sequence[str] = asked.site.policy.get("log_only", ())
    return frozenset(on_trial if asked.hears_layer else (*on_trial, SiteLayerCheck.name))


def _totals(
    signals: Sequence[Signal], numbers: Sequence[float], silent: frozenset[str]
) -> Mapping[Attribute, float]:
    heard = [signal for signal in signals if signal.check not in silent] if silent else signals
    return graded(combine(heard), numbers)


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
