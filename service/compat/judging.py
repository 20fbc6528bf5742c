"""Judging in the web process: the same pipeline as the workers', without a queue between."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from config.settings import default_policy
from service.api.services import services
from service.moderation.batch import Batch, Recent
from service.moderation.comment import Case, Comment
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, merged, policy_from
from service.moderation.verdict import Verdict
from service.store.sites import Site

MOST_POLICIES = 256
_policies: dict[str, tuple[Site, Policy]] = {}


def batch_of(
    site: Site,
    cases: Sequence[Case],
    recent: Recent | None = None,
    layer_edition: int | None = None,
) -> Batch:
    """Return the cases as a worker would judge them: beside the windows and what was learned.

    Without ``recent``, the site's own window, no duplicates are looked for. ``layer_edition``
    is that of the site's layer, where it was just read.
    """
    here = services()
    elsewhere = here.store.inbox.elsewhere.recent(site.name) if recent is not None else Recent()
    return Batch(
        cases,
        recent=recent or Recent(),
        elsewhere=elsewhere,
        learned=here.layers.of(site.name, layer_edition),
        shared=here.layers.shared(),
    )


def judged(site: Site, batch: Batch) -> list[Verdict]:
    """Return the verdicts of the site's policy on a batch; a service elsewhere is not asked."""
    return services().pipeline().review(batch, policy_of(site))


def policy_of(site: Site) -> Policy:
    """Return the policy in force on a site, built once for the settings as they were read."""
    known = _policies.get(site.name)
    if known is None or known[0] is not site:
        if len(_policies) >= MOST_POLICIES:
            _policies.clear()
        known = (site, policy_from(merged(default_policy(), site.policy)))
        _policies[site.name] = known
    return known[1]


def warm_up(pipeline: Callable[[], Pipeline]) -> None:
    """Load all that a first judgement would wait for; a rude word has every model speak."""
    case = Case(Comment("", "", page="-", content="You are an idiot, dear reader."))
    pipeline().review(Batch([case]), policy_from(default_policy()))
