"""Deciding again, from the signals that were kept: what another policy would have done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.custom_rules import CHECK, custom_check
from service.moderation.language import Language
from service.moderation.policy import SHADOW_BAN, TRUSTED, Policy, decide
from service.moderation.verdict import Verdict


def redecided(batch: Batch, verdicts: Sequence[Verdict], policy: Policy) -> list[Verdict]:
    """Return what ``policy`` makes of each comment, by what its ``verdict`` rests on.

    No check runs again but the policy's own word lists and patterns, which take the place
    of what an earlier policy's found. What a check could not judge stays so, and so does what
    no policy decides: a ban, and the moderators' trust in an author.
    """
    own = custom_check(policy.rules).review(batch) if policy.rules else [()] * len(batch)
    rows = zip(batch.cases, verdicts, own, strict=True)
    return [
        decide(
            policy,
            _as_known(case, verdict),
            [*(each for each in verdict.signals if each.check != CHECK), *found],
            verdict.unscreened,
            Language(verdict.lang, is_sure=True, is_served=verdict.is_lang_served),
            verdict.stages,
        )
        for case, verdict, found in rows
    ]


def _as_known(case: Case, verdict: Verdict) -> Case:
    """Return a case with what was known of its author when the verdict was given."""
    approved_before = verdict.approved_before
    facts = replace(
        case.facts,
        approved_before=case.facts.approved_before if approved_before is None else approved_before,
        is_trusted=case.facts.is_trusted or verdict.rule == TRUSTED,
        is_shadow_banned=case.facts.is_shadow_banned or verdict.rule == SHADOW_BAN,
    )
    return replace(case, facts=facts)
