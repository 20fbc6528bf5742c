"""A comment in its author's hands: who the author is, and what they may do with it.

An author is known by the comment's edit token: a program sends it along, and on the author's
page a cookie bound to that page's path holds it.
"""

from __future__ import annotations

from typing import Any

from flask import Response, request

from service.api.callers import has_key, site_of
from service.api.learning import ring_to_learn
from service.api.media import asked
from service.api.named import named_id
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.api.telling import ring_to_deliver
from service.api.tokens import is_edit_token, make_edit_token
from service.moderation.verdict import Status
from service.schemas.presentation import own_data
from service.store.appeals import AppealRefused
from service.store.records import Record

AUTHOR = "author"
"""The actor in the audit log."""
COOKIE = "ecluse_author"
COOKIE_LIFE_S = 3_600
REFUSED = frozenset({Status.REJECTED, Status.SPAM})
APPEAL_PROBLEMS = {
    "not_refused": Problem(409, "not-refused", "This comment was not refused."),
    "appealed": Problem(409, "appealed", "You have appealed already, which is possible once."),
    "too_late": Problem(409, "appeal-closed", "An appeal is possible for 14 days."),
}


def own(site: str, comment_id: str) -> Record:
    """Return a comment that the caller is the author of, or the site's server.

    Raises ``Problem`` 401 or ``CommentUnknown``.
    """
    known = site_of(site)
    named_id(comment_id)
    token = request.headers.get("Edit-Token", "") or request.args.get("edit_token", "")
    is_author = is_edit_token(services().store.vault, site, comment_id, token)
    if not is_author and not has_key(known):
        raise Problem(401, "unauthorised", "Send the comment's edit token.")
    record = services().store.comments.get(site, comment_id)
    asked().comment_id = comment_id
    return record


def author_path(site: str, comment_id: str) -> str:
    """Return the path of the author's page."""
    return f"/c/{site}/{comment_id}"


def author_link(site: str, comment_id: str, token: str) -> str:
    """Return the address by which an author, who holds the edit token, opens their page."""
    return f"{author_path(site, comment_id)}?token={token}"


def keep_pass(answer: Response, site: str, comment_id: str) -> None:
    """Let the browser open the author's page for an hour; no other path is sent the cookie."""
    answer.set_cookie(
        COOKIE,
        make_edit_token(services().store.vault, site, comment_id),
        max_age=COOKIE_LIFE_S,
        path=author_path(site, comment_id),
        secure=request.is_secure,
        httponly=True,
        samesite="Strict",
    )


def oldest_editable_ms() -> int:
    """Return when (ms) a comment must have come for its author to be able to change it still."""
    return int((services().clock() - services().settings.edit_window_s) * 1000)


def edit(record: Record, changed: Any) -> None:
    """Replace a comment's words; an author in the shadow may as if it were held.

    Raises ``EditClosed``.
    """
    store, site = services().store, record.comment.site
    not_before_ms = oldest_editable_ms()
    if store.comments.edit(record, changed, not_before_ms, is_unseen=record.is_in_shadow):
        services().doorbell.ring(site)


def appeal(record: Record, text: str) -> None:
    """Appeal against a refusal that the author was told of.

    Raises ``Problem`` 409.
    """
    if record.told_status not in REFUSED:
        raise APPEAL_PROBLEMS["not_refused"]
    try:
        services().store.appeals.file(record, text, now_ms())
    except AppealRefused as error:
        raise APPEAL_PROBLEMS[error.why] from None


def erase(record: Record) -> None:
    """Leave nothing personal of a comment, here and in what was learned from it."""
    services().store.comments.erase(record, AUTHOR)
    ring_to_learn(record.comment.site)
    ring_to_deliver(record.comment.site)


def withdraw(record: Record) -> None:
    """Take a comment back.

    Raises ``EditClosed``.
    """
    services().store.comments.withdraw(record, oldest_editable_ms())
    ring_to_deliver(record.comment.site)


def data_of(record: Record, language: str) -> dict[str, Any]:
    """Return all that is kept of a comment."""
    return own_data(record, services().store.comments.personal(record), language)
