"""comment-check: judged at once, kept where the site wishes it, answered in a word."""

from __future__ import annotations

from flask import Response

from service.api.callers import origin_of
from service.api.services import services
from service.compat.akismet.answers import HAM, SPAM, word
from service.compat.akismet.call import Call
from service.compat.akismet.judge import Opinion, is_administrator, judge, keep
from service.moderation.verdict import Action, Status
from service.store.comments import CommentUnknown
from service.store.doors.at_door import Callback
from service.store.webhooks.callbacks import result_of

GUARANTEED_AUTHORS = frozenset({"akismet-guaranteed-spam", "viagra-test-123"})
GUARANTEED_EMAIL = "akismet-guaranteed-spam@example.com"
RECHECK_AFTER_S = 604_800
"""How long a blog is to wait for a moderator. WordPress publishes by itself after twice that."""
GUID, RECHECK, PRO_TIP = "X-akismet-guid", "X-akismet-recheck-after", "X-akismet-pro-tip"


def check(call: Call) -> Response:
    """Answer ``true`` for what is refused, ``false`` for what is published or waits.

    A comment that comes again is answered as it stands here by now.
    """
    is_known = bool(call.sent["recheck_reason"]) or "comment_ID" in call.sent.names
    opinion = judge(call, is_known=is_known)
    headers = {GUID: opinion.comment_id}
    if is_guaranteed_spam(call):
        return word(SPAM, headers)
    if call.sent["is_test"]:
        return _answer(call, opinion, headers)
    status = _status_of_known(call, opinion)
    if status is Status.HELD:
        return word(HAM, {**headers, RECHECK: str(RECHECK_AFTER_S)})
    if status is not None:
        return word(result_of(status, ""), headers)
    callback = _callback(call, opinion)
    counted = ("checks", "spam" if _told(opinion) == SPAM else "ham")
    keep(call, opinion, counted, is_stored=not call.site.akismet_only_checks, callback=callback)
    return _answer(call, opinion, headers)


def is_guaranteed_spam(call: Call) -> bool:
    """Say whether these are the values by which clients try whether spam is found."""
    if is_administrator(call):
        return False
    email = call.sent["comment_author_email"].lower()
    return call.sent["comment_author"] in GUARANTEED_AUTHORS or email == GUARANTEED_EMAIL


def _answer(call: Call, opinion: Opinion, headers: dict[str, str]) -> Response:
    action = opinion.verdict.action
    if action is Action.HOLD and not call.site.akismet_only_checks:
        return word(HAM, {**headers, RECHECK: str(RECHECK_AFTER_S)})
    if opinion.is_blatant:
        return word(SPAM, {**headers, PRO_TIP: "discard"})
    return word(_told(opinion), headers)


def _told(opinion: Opinion) -> str:
    is_refused = opinion.verdict.action in (Action.SPAM, Action.REJECT)
    return SPAM if is_refused else HAM


def _status_of_known(call: Call, opinion: Opinion) -> Status | None:
    """Return where a comment stands that was kept before; None for any other."""
    if not opinion.seen:
        return None
    try:
        return services().store.comments.get(call.site.name, opinion.seen).status
    except CommentUnknown:
        return None


def _callback(call: Call, opinion: Opinion) -> Callback | None:
    """Return where to tell of later news; only the site's own pages are ever called."""
    url = call.sent["callback"]
    if call.key is None or not url or origin_of(url) not in call.site.origins:
        return None
    waits = opinion.verdict.action is Action.HOLD
    return Callback(url, call.key.id, "" if waits else _told(opinion))
