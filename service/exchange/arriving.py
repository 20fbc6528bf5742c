"""From a comment elsewhere to one of ours: its fields made fit to be kept, and its id."""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from marshmallow import ValidationError, fields

from service.exchange.foreign import NO_PAGE, NO_TEXT, Foreign, Skipped
from service.moderation.comment import Comment, Facts
from service.moderation.verdict import Status
from service.schemas.addresses import URL_LIMIT, Email, IpAddress, Language, Page, WebAddress
from service.schemas.submission import AUTHOR_LIMIT, TITLE_LIMIT, is_comment_id
from service.schemas.text import is_blank, made_safe
from service.store.imports import Imported
from service.store.records import Decision, decision_from, verdict_from
from service.store.sealing import Personal, Vault

BY = "import"
"""Who, in the audit log and beside a comment, decided what was decided elsewhere."""
LONGEST = 65_525
"""Characters of a comment, WordPress's own limit; of a longer one beginning and end stay."""
TRACE_LIMIT = 1000
ID_LIMIT = 128
ID_LENGTH = 26
# A ULID's letters (Crockford's base 32) in the place of RFC 4648's.
_CROCKFORD = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)
CUT = "too long, cut"
EMAIL_GONE = "its e-mail address is none, and was left out"


def _taken(kind: fields.Field[Any]) -> Callable[[str], str]:
    """Return what takes a value as a field of ours does, or nothing where it objects."""

    @lru_cache(maxsize=20_000)
    def take(value: str) -> str:
        if not value:
            return ""
        try:
            found: str = kind.deserialize(value)
        except ValidationError:
            return ""
        return found

    return take


email, web_address, ip_address = map(_taken, (Email(), WebAddress(), IpAddress()))
language, page_address = map(_taken, (Language(), Page()))


def fit(text: str, limit: int) -> str:
    """Return one line of text that can be kept; most need no second look."""
    if not text or (len(text) <= limit and text.isascii() and text.isprintable()):
        return text.strip()
    return made_safe(text, limit)


@dataclass(frozen=True, slots=True)
class Ready:
    """Hold a comment that can be written, what is noted about it, and how much it teaches."""

    item: Imported
    notes: tuple[str, ...]
    strength: int


@dataclass(frozen=True)
class Customs:
    """Make comments of one site of what comes from elsewhere.

    ``base`` is the site's address, for pages that are named by their paths; ``moves`` are
    beginnings of addresses and what takes their place, for a site that has moved.
    """

    site: str
    vault: Vault
    base: str = ""
    moves: Sequence[tuple[str, str]] = ()
    disposable: Collection[str] = field(default=frozenset())

    def admit(self, foreign: Foreign, now_ms: int) -> Ready | Skipped:
        """Return the comment as it is to be written, or why it is left out."""
        page = self._page(foreign.page)
        if not page:
            return Skipped(foreign.key, NO_PAGE)
        kept = foreign.kept
        is_gone = foreign.status is Status.DELETED
        content = "" if is_gone else made_safe(foreign.content, LONGEST, multiline=True)
        if not is_gone and is_blank(content):
            return Skipped(foreign.key, NO_TEXT)
        comment = self._comment(foreign, page, content, is_gone=is_gone)
        personal = Personal() if is_gone else Personal(email(foreign.email), ip_address(foreign.ip))
        decision = self._decision(foreign)
        item = Imported(
            comment=comment,
            personal=personal,
            facts=Facts() if is_gone else self._facts(comment, personal),
            status=foreign.status,
            received_at_ms=kept.received_at_ms if kept else now_ms,
            settled_at_ms=(kept.settled_at_ms if kept else now_ms)
            if foreign.status is not Status.RECEIVED
            else 0,
            verdict=verdict_from(kept.verdict.encode()) if kept and kept.verdict else None,
            decision=decision,
            original=made_safe(kept.original, LONGEST, multiline=True) if kept else "",
            edited_by=made_safe(kept.edited_by, ID_LIMIT) if kept else "",
            is_withdrawn=is_gone,
            is_erased=kept.is_erased if kept else False,
        )
        is_lesson = foreign.is_label and decision is not None and not is_gone
        strength = 0 if not is_lesson else 2 if foreign.is_correction else 1
        return Ready(item, _notes(foreign, content, personal), strength)

    def _page(self, written: str) -> str:
        address = fit(written, URL_LIMIT)
        if address and self.base and "://" not in address:
            try:
                address = urljoin(self.base, address)
            except ValueError:
                return ""
        for old, new in self.moves:
            if address.startswith(old):
                address = new + address[len(old) :]
                break
        return page_address(address)

    def _comment(self, foreign: Foreign, page: str, content: str, *, is_gone: bool) -> Comment:
        name = id_of(foreign.key)
        above = id_of(foreign.parent) if foreign.parent else ""
        at_s = foreign.at_ms / 1000
        if is_gone:
            return Comment(name, self.site, page, "", parent=above, submitted_at=at_s)
        return Comment(
            name,
            self.site,
            page,
            content,
            parent=above,
            author=fit(foreign.author, AUTHOR_LIMIT),
            url=web_address(foreign.url),
            lang=language(foreign.lang),
            page_title=fit(foreign.page_title, TITLE_LIMIT),
            user_agent=fit(foreign.user_agent, TRACE_LIMIT),
            referrer=fit(foreign.referrer, URL_LIMIT),
            author_id=fit(foreign.author_id, ID_LIMIT),
            is_staff=foreign.is_staff,
            submitted_at=at_s,
        )

    def _facts(self, comment: Comment, personal: Personal) -> Facts:
        lookup = self.vault.lookup
        domain = personal.email.rpartition("@")[2].lower()
        return Facts(
            email_domain=domain,
            email_is_disposable=domain in self.disposable,
            author_key=lookup("email", personal.email.lower())
            or lookup("author id", comment.author_id),
        )

    def _decision(self, foreign: Foreign) -> Decision | None:
        """Return the decision that came with a comment, or the one its label stands for."""
        if foreign.kept is not None:
            return decision_from(foreign.kept.decision.encode() or None)
        if not foreign.is_label:
            return None
        return Decision(BY, "", Status.HELD, foreign.status, foreign.at_ms)


def id_of(key: str) -> str:
    """Return the id a comment from elsewhere has here: always the same, from its key alone."""
    own = key.removeprefix("own|")
    if own != key and is_comment_id(own):
        return own
    digest = hashlib.sha256(key.encode("utf-8", "replace")).digest()[:16]
    return b32encode(bytes(4) + digest)[-ID_LENGTH:].translate(_CROCKFORD).decode()


def _notes(foreign: Foreign, content: str, personal: Personal) -> tuple[str, ...]:
    notes = []
    if len(content) >= LONGEST - 2 and len(foreign.content) > LONGEST:
        notes.append(CUT)
    if foreign.email and not personal.email and foreign.status is not Status.DELETED:
        notes.append(EMAIL_GONE)
    return tuple(notes)
