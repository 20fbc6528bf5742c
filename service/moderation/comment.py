"""A comment as a visitor submitted it, and what the server knows about its arrival."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Comment:
    """Hold what a visitor submitted, already validated.

    ``page`` is the URL or identifier the comment stands under. ``lang`` is an
    ISO 639-1 code, or empty when nobody said. ``submitted_at`` is in seconds
    since the Unix epoch. No e-mail or IP address: no check needs them.
    """

    id: str
    site: str
    page: str
    content: str
    author: str = ""
    url: str = ""
    lang: str = ""
    parent: str = ""
    page_title: str = ""
    user_agent: str = ""
    referrer: str = ""
    author_id: str = ""
    is_staff: bool = False
    submitted_at: float = 0.0


class FormToken(StrEnum):
    """Say what became of the signed timestamp that a form carries."""

    NOT_EXPECTED = "not_expected"
    ABSENT = "absent"
    VALID = "valid"
    EXPIRED = "expired"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Facts:
    """Hold what a pure check cannot look up by itself.

    ``*_pressure`` is the share (0..1) of a rate limit used up when the comment
    arrived. ``seconds_to_submit`` is the age of a valid form token, in seconds.
    ``approved_before`` and ``refused_before`` count the author's settled
    comments on this site; ``is_trusted`` says that its moderators vouch for them,
    ``is_shadow_banned`` that their comments go nowhere and they are not to know.
    """

    site_lang: str = ""
    site_hosts: frozenset[str] = frozenset()
    email_domain: str = ""
    email_is_disposable: bool = False
    honeypot_filled: bool = False
    form_token: FormToken = FormToken.NOT_EXPECTED
    seconds_to_submit: float | None = None
    ip_pressure: float = 0.0
    email_pressure: float = 0.0
    approved_before: int = 0
    refused_before: int = 0
    author_key: str = ""
    is_trusted: bool = False
    is_shadow_banned: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Join a comment and the facts about its arrival: what the pipeline reviews."""

    comment: Comment
    facts: Facts = Facts()
