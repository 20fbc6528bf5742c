"""The nudge: a word with an author before a comment that would be held for its tone."""

from __future__ import annotations

from dataclasses import replace

from config.settings import default_policy
from service.api.intake import Submission
from service.api.language import language
from service.api.problems import Problem
from service.api.services import services
from service.api.tokens import is_nudge_token, make_nudge_token
from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.policy import merged, policy_from
from service.moderation.signal import TONE
from service.schemas.wording import reasons
from service.store.sites import Site


def nudge_if_needed(site: Site, submission: Submission) -> None:
    """Answer a first submission whose tone would hold it with the reason and a token.

    Nothing is stored. Raises ``Problem`` 422 ``nudge``, or ``InboxFull``: nobody is asked to
    put otherwise what would not be taken.
    """
    if not site.has_nudge or _was_nudged(site, submission):
        return
    arrival = submission.arrival
    policy = policy_from(merged(default_policy(), site.policy))
    # A ban in the shadow must not show itself by the nudge that does not come.
    facts = replace(arrival.facts, site_lang=site.lang, is_shadow_banned=False)
    case = Case(arrival.comment, facts)
    verdict = services().pipeline().review(Batch([case]), policy)[0]
    if verdict.attribute not in TONE:
        return
    services().store.comments.refuse_if_full(site.name)
    raise Problem(
        422,
        "nudge",
        "Your comment may hurt. Would you like to put it another way?",
        detail="Change it, or send it again as it is with this token.",
        extra={
            "nudge_token": make_nudge_token(
                services().store.vault, site.name, _author(submission), services().clock()
            ),
            "reasons": reasons(verdict, language()),
        },
    )


def _was_nudged(site: Site, submission: Submission) -> bool:
    token = submission.nudge_token
    now = services().clock()
    vault = services().store.vault
    return bool(token) and is_nudge_token(vault, site.name, _author(submission), token, now)


def _author(submission: Submission) -> str:
    arrival = submission.arrival
    return arrival.facts.author_key or arrival.personal.ip
