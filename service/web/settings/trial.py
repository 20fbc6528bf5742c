"""The policy on trial: where it differs from the live one, and the end of the trial."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, request

from service.api.language import language
from service.api.services import services
from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.redecide import redecided
from service.moderation.verdict import Status
from service.schemas.policy_text import text_of
from service.store.records import Record
from service.store.sites import Site
from service.store.trials import by_day
from service.web.settings.backtest import Example, example_of
from service.web.settings.policy import policy_of
from service.web.settings.room import blueprint, change, done, settings_page, site_of

EXAMPLES_SHOWN = 10
DAYS_SHOWN = 14
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Day:
    """Count what one day brought."""

    date: dt.date
    same: int
    different: int


@dataclass(frozen=True, slots=True)
class Differing:
    """Show a comment on which the policies differed: what each made of it, and where it is now."""

    example: Example
    live: Status
    trial: Status
    now: Status


@blueprint.get("/<name>/trial")
def trial(name: str) -> Response:
    """Show how the policy on trial does."""
    site = site_of(name).site
    return settings_page("trial.html", site, **(_shown(site) if _is_running(site) else {}))


@blueprint.post("/<name>/trial")
def end_trial(name: str) -> Response:
    """End the trial: make its policy the live one, or let it go."""
    is_adopted = request.form.get("do") == "adopt"

    def ended(site: Site) -> Site:
        over = replace(site, trial_policy=None, trial_since=0.0)
        if is_adopted and site.trial_policy is not None:
            return replace(over, policy=site.trial_policy)
        return over

    change(name, ended)
    return done("policy" if is_adopted else "trial", name=name)


def _is_running(site: Site) -> bool:
    return site.trial_policy is not None


def _shown(site: Site) -> dict[str, Any]:
    counts = services().store.trials.counts(site.name)
    pairs: Counter[tuple[Status, Status]] = Counter()
    for each in counts:
        if not each.is_agreement:
            pairs[each.live, each.trial] += each.count
    days = [Day(EPOCH + dt.timedelta(days=day), *both) for day, both in by_day(counts).items()]
    return {
        "same": sum(day.same for day in days),
        "different": sum(day.different for day in days),
        "days": days[:DAYS_SHOWN],
        "pairs": pairs.most_common(),
        "differing": _differing(site),
        "text": text_of(site.trial_policy or {}),
    }


def _differing(site: Site) -> list[Differing]:
    store = services().store
    ids = store.trials.differing(site.name, EXAMPLES_SHOWN)
    records = [
        record
        for record in store.comments.get_many(site.name, ids)
        if record.verdict is not None and record.trial is not None
    ]
    cases = [Case(record.comment, replace(record.facts, site_lang=site.lang)) for record in records]
    verdicts = [record.verdict for record in records if record.verdict]
    again = redecided(Batch(cases), verdicts, policy_of(site.trial_policy or {}))
    return [
        _row(record, example_of(record, verdict, language()))
        for record, verdict in zip(records, again, strict=True)
    ]


def _row(record: Record, example: Example) -> Differing:
    assert record.verdict is not None and record.trial is not None  # noqa: S101, PT018
    return Differing(example, record.verdict.status, record.trial.status, record.status)
