"""Deciding by a link from a mail, without signing in: the page it opens, and its button."""

from __future__ import annotations

from flask import Blueprint, Response

from service.api.language import language, wish_for
from service.api.outcomes import follow_up
from service.api.problems import Problem
from service.api.services import now_ms, services
from service.mail.letters import WAYS
from service.mail.links import MailLink, read_token
from service.schemas.presentation import reasons_of
from service.schemas.submission import is_comment_id
from service.store.comments import CommentUnknown
from service.store.decisions import Order, Outcome
from service.store.records import Record
from service.store.sites import SiteUnknown
from service.store.staff.accounts import Account, Role
from service.web.staff.page import page

SPENT = Problem(
    410, "link-spent", "This link was used, is too old, or is not one of ours.",
    detail="Open the queue to see what waits.",
)  # fmt: skip
OVERTAKEN = Problem(
    409, "stale", "Somebody else has decided on this comment.",
    detail="Open the queue to see what waits.",
)  # fmt: skip
blueprint = Blueprint("by_mail", __name__, url_prefix="/moderate/by-mail")
ADDRESS = "/<site>/<comment_id>/<account>/<token>"


@blueprint.get(ADDRESS)
def show(site: str, comment_id: str, account: str, token: str) -> Response:
    """Show the comment and the button; nothing is decided by opening a link."""
    link, _, record = _meant(site, comment_id, account, token)
    return page(
        "staff/by_mail.html",
        record=record,
        reasons=reasons_of(record, language()),
        way=WAYS[link.target],
        is_done=False,
    )


@blueprint.post(ADDRESS)
def decide(site: str, comment_id: str, account: str, token: str) -> Response:
    """Decide as the link says, once, if nobody was faster."""
    link, signature, record = _meant(site, comment_id, account, token)
    store = services().store
    if not store.mailboxes.use_link(signature):
        raise SPENT
    order = Order(comment_id, link.target, link.version)
    (result,) = store.decisions.decide(site, [order], f"account:{account}", "", now_ms())
    if result.outcome is not Outcome.DONE:
        raise OVERTAKEN
    follow_up(site, [result], f"account:{account}")
    return page(
        "staff/by_mail.html", record=record, reasons=[], way=WAYS[link.target], is_done=True
    )


def _meant(site: str, comment_id: str, account: str, token: str) -> tuple[MailLink, str, Record]:
    """Return the link, its signature and the comment.

    Raises ``Problem`` 409 when the comment has changed since, 410 when the link is not good.
    """
    store = services().store
    found = read_token(store.vault, site, comment_id, account, token, services().clock())
    person = store.accounts.working(account)
    if found is None or person is None or not _may(person, site) or not is_comment_id(comment_id):
        raise SPENT
    wish_for(person.preferences.lang)
    link, signature = found
    if store.mailboxes.is_link_used(signature):
        raise SPENT
    try:
        store.sites.get(site)
        record = store.comments.get(site, comment_id)
    except (SiteUnknown, CommentUnknown):
        raise SPENT from None
    if record.version != link.version:
        raise OVERTAKEN
    return link, signature, record


def _may(person: Account, site: str) -> bool:
    return person.role is not Role.OPS and (not person.sites or site in person.sites)
