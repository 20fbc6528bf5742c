"""Scores for doors that ask for numbers instead of a verdict: the same checks, no policy.

A score is the total of what the pipeline's checks found. Where they found nothing worth
reporting it is the models' own number, which is below what they report, so that a caller
may put texts in order that are all harmless.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise

from service.api.services import services
from service.compat.judging import batch_of
from service.compat.together import Together
from service.judge import cascade
from service.moderation.batch import Batch
from service.moderation.cascade import Cascade
from service.moderation.checks.site.layer import SiteLayerCheck
from service.moderation.comment import Case, Comment, Facts
from service.moderation.language import Language
from service.moderation.models.weights import ATTRIBUTES, ModelBroken
from service.moderation.pipeline import Findings, Pipeline
from service.moderation.signal import ARRIVAL, Attribute, Signal, combine
from service.moderation.verdict import Stage
from service.store.sites import Site

_SPAM_SHARE = 0.57
"""What the words alone count for as spam at most (checks/spam/linear.py)."""


class NotScreened(Exception):
    """Say that some check could not judge a text: there is no honest number for it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Hold what one text was found to be, 0..1 for every attribute asked for."""

    scores: Mapping[Attribute, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """Hold what the checks made of one text; without ``scored`` some of them could not judge."""

    language: Language
    scored: Scored | None


@dataclass(frozen=True)
class Texts:
    """Hold texts that are no comments here: nobody's, from nowhere, under no page.

    ``lang`` is the language to judge them in; empty: each in the one it is written in, where
    ``expected`` is what to expect. Without ``hears_layer`` what the site has learned says
    nothing.
    """

    site: Site
    contents: Sequence[str]
    lang: str = ""
    expected: str = ""
    with_spam: bool = False
    hears_layer: bool = True

    @property
    def cases(self) -> list[Case]:
        """Return the texts as the checks look at them."""
        facts, name = Facts(site_lang=self.expected), self.site.name
        return [Case(Comment("", name, "", each, lang=self.lang), facts) for each in self.contents]

    @property
    def languages(self) -> Sequence[Language]:
        """Return the language each text is written in, by its words."""
        return [each.language for each in self._seen]

    def judged_in(self, lang: str) -> Texts:
        """Return the same texts, judged in ``lang``."""
        is_so = all(lang == (self.lang or each.language.code) for each in self._seen)
        return self if is_so else replace(self, lang=lang, expected=lang)

    def scored(self) -> list[Scored]:
        """Return the scores, in order.

        Raises ``NotScreened`` where a check is down: a low number would let pass what
        nobody judged.
        """
        return [_screened(each) for each in self._seen]

    @cached_property
    def _seen(self) -> Sequence[Seen]:
        kind = (self.site.name, self.with_spam, self.hears_layer)
        return _looking.ask(kind, self)


def _screened(seen: Seen) -> Scored:
    if seen.scored is None:
        raise NotScreened
    return seen.scored


def _look(asked: Sequence[Texts]) -> list[Sequence[Seen]]:
    """Return what the checks make of the texts of several calls, which differ in nothing else."""
    first = asked[0]
    batch = batch_of(first.site, [case for texts in asked for case in texts.cases])
    findings = _word_checks(services().pipeline(), with_spam=first.with_spam).look(batch)
    rows = zip(batch.languages, _scored(first, batch, findings), strict=True)
    seen = [Seen(language, found) for language, found in rows]
    ends = accumulate((len(texts.contents) for texts in asked), initial=0)
    return [seen[start:end] for start, end in pairwise(ends)]


_looking: Together[Texts, Sequence[Seen]] = Together(_look)


def _scored(texts: Texts, batch: Batch, findings: Findings) -> list[Scored | None]:
    """Return the scores of each text, or None where nobody could judge it."""
    try:
        models = cascade(services().settings)
    except ModelBroken:
        return [None] * len(batch)
    silent = _silent(texts)
    numbers = batch.once(models.judge).scores
    rows = zip(
        findings.signals,
        numbers.tolist(),
        _judged(batch, findings, models, silent),
        strict=True,
    )
    return [
        Scored(_totals(signals, number, silent)) if is_judged else None
        for signals, number, is_judged in rows
    ]


def _silent(texts: Texts) -> frozenset[str]:
    """Return the checks that are not listened to."""
    on_trial: Sequence[str] = texts.site.policy.get("log_only", ())
    return frozenset(on_trial if texts.hears_layer else (*on_trial, SiteLayerCheck.name))


def _judged(
    batch: Batch, findings: Findings, models: Cascade, silent: frozenset[str]
) -> list[bool]:
    """Say of which texts nothing is missing: no check, nor the one model that knows a language."""
    rows = zip(findings.unscreened, findings.stages, models.has_learned(batch), strict=True)
    return [
        all(name in silent for name in missing)
        and bool(is_learned or Stage.ENCODER_FAILED not in stages)
        for missing, stages, is_learned in rows
    ]


def _totals(
    signals: Sequence[Signal], numbers: Sequence[float], silent: frozenset[str]
) -> Mapping[Attribute, float]:
    heard = [signal for signal in signals if signal.check not in silent] if silent else signals
    totals = combine(heard)
    for attribute, number in zip(ATTRIBUTES, numbers, strict=True):
        if attribute not in totals:
            totals[attribute] = number * (_SPAM_SHARE if attribute is Attribute.SPAM else 1.0)
    return totals


@lru_cache(maxsize=8)
def _word_checks(pipeline: Pipeline, *, with_spam: bool) -> Pipeline:
    """Return the pipeline of the checks that read words; those of spam only if wanted.

    Without those of arrival: there is neither a form nor a window, and the texts of several
    calls are no copies of each other.
    """

    def is_wanted(name: str) -> bool:
        return name not in ARRIVAL and (with_spam or not name.startswith("spam."))

    return replace(
        pipeline,
        checks=tuple(check for check in pipeline.checks if is_wanted(check.name)),
        faulty=tuple(name for name in pipeline.faulty if is_wanted(name)),
    )
