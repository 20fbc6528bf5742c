"""A comment at Akismet's door: made of the call's fields, judged beside what the site knows."""

from __future__ import annotations

from dataclasses import dataclass

from service.api.callers import origin_of
from service.api.intake import author_key_of, is_disposable
from service.api.services import now_ms, services
from service.compat.akismet.call import Call
from service.compat.judging import batch_of, judged
from service.moderation.comment import Case, Comment, Facts
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Verdict
from service.store.bans import Visitor
from service.store.comments import Arrival
from service.store.doors.at_door import Callback, Glance, Keepsake
from service.store.doors.door_keys import Door
from service.store.randomness import new_comment_id
from service.store.sealing import Personal
from service.store.window import window_lines

ADMINISTRATOR = "administrator"
BLATANT = 0.99
"""The score for spam from which a blog may throw a comment away unseen."""
PLAIN_KINDS = frozenset({"", "comment", "reply"})
_NOBODY = frozenset({"", "0"})


@dataclass(frozen=True, slots=True)
class Opinion:
    """Hold what was made of a comment; ``seen`` names the comment it was before, if it was."""

    arrival: Arrival
    verdict: Verdict
    line: bytes
    seen: str

    @property
    def comment_id(self) -> str:
        """Return the comment's id, which is its GUID for the caller."""
        return self.arrival.comment.id

    @property
    def is_blatant(self) -> bool:
        """Say whether nobody need look at it."""
        spam = self.verdict.scores.get(Attribute.SPAM, 0.0)
        return self.verdict.action is Action.SPAM and spam >= BLATANT


def judge(call: Call, *, is_known: bool) -> Opinion:
    """Return what the site's policy makes of the comment in a call.

    ``is_known`` says that the caller had it checked before: it is no copy of itself then.
    """
    personal = Personal(call.sent["comment_author_email"], call.sent["user_ip"])
    author_key = author_key_of(personal.email, _author_id(call))
    glance = services().store.at_door.glance(
        call.site.name,
        author_key,
        personal,
        call.sent.identity,
        call.site.limits,
        is_test=call.sent["is_test"] or is_known,
    )
    seen = glance.seen if is_known else ""
    comment = _comment(call, seen or new_comment_id())
    facts = _facts(call, personal, author_key, glance)
    batch = batch_of(call.site, [Case(comment, facts)], glance.recent, glance.layer_edition)
    verdict = judged(call.site, batch)[0]
    line = b"" if seen or call.sent["is_test"] else window_lines(batch)[0]
    return Opinion(Arrival(comment, personal, facts, {}), verdict, line, seen)


def keep(
    call: Call,
    opinion: Opinion,
    counted: tuple[str, ...],
    *,
    is_stored: bool,
    callback: Callback | None = None,
) -> None:
    """Keep a comment's trace, and the comment too where it ``is_stored``."""
    services().store.at_door.keep(
        Keepsake(
            opinion.arrival,
            opinion.verdict,
            call.sent.identity,
            Door.AKISMET,
            opinion.line,
            is_stored,
            callback,
            counted,
        ),
        services().clock(),
    )
    if opinion.line:
        services().store.inbox.elsewhere.remember(call.site.name, [opinion.line])


def _comment(call: Call, comment_id: str) -> Comment:
    sent = call.sent
    return Comment(
        id=comment_id,
        site=call.site.name,
        page=sent.page,
        content=sent["comment_content"],
        author=sent["comment_author"],
        url=sent["comment_author_url"],
        page_title=_title(call),
        user_agent=sent["user_agent"],
        referrer=sent["referrer"],
        author_id=_author_id(call),
        is_staff=is_administrator(call),
        submitted_at=sent.submitted_at or services().clock(),
    )


def _title(call: Call) -> str:
    """Return what moderators read of the page: where on the blog it is, and what it is about.

    What the comment is comes first, where it is something else than one.
    """
    kind, page = call.sent["comment_type"], call.sent.page
    about = ", ".join((*([] if kind in PLAIN_KINDS else [kind]), *call.sent.context))
    where = page.removeprefix(origin_of(page)) or "/"
    return f"{where[:200]} ({about[:90]})" if about else ""


def is_administrator(call: Call) -> bool:
    """Say whether the author administers the blog: nobody judges those."""
    roles = call.sent["user_role"].lower().split(",")
    return ADMINISTRATOR in (role.strip() for role in roles)


def _author_id(call: Call) -> str:
    user = call.sent["user_id"]
    return "" if user in _NOBODY else str(user)


def _facts(call: Call, personal: Personal, author_key: str, glance: Glance) -> Facts:
    domain = personal.email.rpartition("@")[2].lower()
    hosts = frozenset(origin.rpartition("://")[2].partition(":")[0] for origin in call.site.origins)
    return Facts(
        site_lang=call.sent.language or call.site.lang,
        site_hosts=hosts,
        email_domain=domain,
        email_is_disposable=is_disposable(personal.email, domain),
        honeypot_filled=call.sent.has_honey,
        ip_pressure=glance.ip_pressure,
        email_pressure=glance.email_pressure,
        approved_before=glance.approved_before,
        refused_before=glance.refused_before,
        author_key=author_key,
        is_trusted=glance.is_trusted,
        is_shadow_banned=_is_banned(call, personal),
    )


def _is_banned(call: Call, personal: Personal) -> bool:
    """Say whether the author is banned, plainly or in the shadow: the caller knows one no."""
    if is_administrator(call):
        return False
    visitor = Visitor(personal.email, personal.ip, _author_id(call))
    ban = services().store.bans.match(call.site.name, visitor, now_ms())
    if ban is not None and not ban.is_shadow:
        services().store.bans.count_refused(call.site.name)
    return ban is not None
