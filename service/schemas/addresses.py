"""Address fields: e-mail, web, IP, page, language."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError, fields
from rapidfuzz.distance import OSA

from service.schemas.text import Text
from service.store.bans import normalised_range

NOT_EMAIL = "This is not a valid e-mail address."
NO_AT_SIGN = "An e-mail address has an @ sign, as in name@example.org."
NOT_WEB_ADDRESS = "This is not a web address (http:// or https://)."
NOT_PAGE = "This is neither a web address nor a page identifier."
NOT_IP = "This is not an IP address."
NOT_DOMAIN = "This is not the domain of an e-mail address."
NOT_IP_RANGE = "This is neither an IP address nor a range of at most /8 (IPv6: /16)."
NOT_LANGUAGE = "This is not a language code, as in fr or en."

EMAIL_LIMIT = 254
URL_LIMIT = 2000
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,4}")
# Local parts of RFC 5322 that need no second look: letters, digits and a few signs.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LOCAL_LIMIT = 64
_SPACE = re.compile(r"\s")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")

# Mail providers that readers of French and English sites use most; a domain one slip
# away from one of them is answered with a suggestion.
PROVIDERS = (
    "aol.com", "bbox.fr", "free.fr", "gmail.com", "gmx.com", "gmx.de", "gmx.fr",
    "googlemail.com", "hotmail.co.uk", "hotmail.com", "hotmail.fr", "icloud.com",
    "laposte.net", "live.com", "live.fr", "mail.com", "me.com", "msn.com", "neuf.fr",
    "orange.fr", "outlook.com", "outlook.fr", "proton.me", "protonmail.com", "sfr.fr",
    "wanadoo.fr", "web.de", "yahoo.ca", "yahoo.co.uk", "yahoo.com", "yahoo.fr", "ymail.com",
)  # fmt: skip
# Real domains that only look like slips.
NOT_SLIPS = frozenset(
    {"email.com", "gmx.net", "gmx.at", "gmx.ch", "fmail.com", "live.ca", "gmail.fr"}
)


class Email(Text):
    """Take an e-mail address, internationalised ones included; the domain is lower case."""

    def __init__(self, **more: Any) -> None:
        super().__init__(limit=EMAIL_LIMIT, **more)

    def _understood(self, text: str) -> str:
        if not text:
            return text
        if "@" not in text and "＠" not in text:
            raise ValidationError([NO_AT_SIGN])
        try:
            return _normalised_email(text)
        except EmailNotValidError:
            raise ValidationError([NOT_EMAIL]) from None


class WebAddress(Text):
    """Take an http or https URL; one written without its scheme gets ``https://``."""

    def __init__(self, **more: Any) -> None:
        super().__init__(limit=URL_LIMIT, **more)

    def _understood(self, text: str) -> str:
        if not text:
            return text
        url = text if _SCHEME.match(text) and not _looks_like_host(text) else f"https://{text}"
        if not is_web_address(url):
            raise ValidationError([NOT_WEB_ADDRESS])
        return url


class Page(Text):
    """Take the URL or the identifier of the page a comment stands under."""

    def __init__(self, **more: Any) -> None:
        super().__init__(limit=URL_LIMIT, **more)

    def _understood(self, text: str) -> str:
        if text.lower().startswith(("http:", "https:")) and not is_web_address(text, dots=0):
            raise ValidationError([NOT_PAGE])
        return text


class IpAddress(Text):
    """Take an IPv4 or IPv6 address, in its canonical spelling."""

    def __init__(self, **more: Any) -> None:
        super().__init__(limit=64, **more)

    def _understood(self, text: str) -> str:
        try:
            return _normalised_ip(text) if text else ""
        except ValueError:
            raise ValidationError([NOT_IP]) from None


class Language(fields.String):
    """Take a language tag and keep its primary subtag, in small letters."""

    default_error_messages = {"invalid": NOT_LANGUAGE, "null": NOT_LANGUAGE}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **more).strip()
        if text and not _LANGUAGE.fullmatch(text):
            raise ValidationError([NOT_LANGUAGE])
        return text.replace("_", "-").partition("-")[0].lower()


class MailDomain(Text):
    """Take the domain of e-mail addresses, with or without its @ sign, in small letters."""

    def __init__(self, **more: Any) -> None:
        super().__init__(limit=EMAIL_LIMIT, **more)

    def _understood(self, text: str) -> str:
        try:
            return _normalised_domain(text.lstrip("@"))
        except EmailNotValidError:
            raise ValidationError([NOT_DOMAIN]) from None


class IpRange(Text):
    """Take an IP address or a range of them (CIDR), neither of which may be half the world."""

    def __init__(self, **more: Any) -> None:
        super().__init__(limit=64, **more)

    def _understood(self, text: str) -> str:
        try:
            return normalised_range(text)
        except ValueError:
            raise ValidationError([NOT_IP_RANGE]) from None


def is_web_address(url: str, dots: int = 1) -> bool:
    """Say whether ``url`` is http or https with a host of at least ``dots`` dots."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        parts.port  # noqa: B018 - raises for a port that is no number
    except ValueError:
        return False
    is_http = parts.scheme in {"http", "https"} and not _SPACE.search(url)
    return is_http and bool(host) and host.count(".") >= dots


def suggestion_for(email: str) -> str:
    """Return the address probably meant where the domain is one slip from a known one."""
    local, _, domain = email.rpartition("@")
    provider = _provider_meant(domain) if local else ""
    return f"{local}@{provider}" if provider else ""


@lru_cache(maxsize=4096)
def _provider_meant(domain: str) -> str:
    if domain in PROVIDERS or domain in NOT_SLIPS:
        return ""
    for provider in PROVIDERS:
        if len(provider) >= 7 and OSA.distance(domain, provider, score_cutoff=1) == 1:
            return provider
    return ""


def _normalised_email(text: str) -> str:
    """Return the address as email-validator writes it; it judges each domain once.

    Raises ``EmailNotValidError``.
    """
    local, _, domain = text.rpartition("@")
    is_plain = len(local) <= _LOCAL_LIMIT and _PLAIN_LOCAL.fullmatch(local)
    if not is_plain or not domain.isascii():
        return validate_email(text, check_deliverability=False).normalized
    return f"{local}@{_normalised_domain(domain)}"


@lru_cache(maxsize=4096)
def _normalised_domain(domain: str) -> str:
    known = validate_email(f"a@{domain}", check_deliverability=False)
    return known.normalized.removeprefix("a@")


def _normalised_ip(text: str) -> str:
    """Return the canonical spelling of an address; IPv4 has but one.

    Raises ``ValueError``.
    """
    try:
        socket.inet_pton(socket.AF_INET, text)
    except OSError:
        return str(ipaddress.ip_address(text))
    return text


def _looks_like_host(text: str) -> bool:
    """Say whether what stands before the colon is a host with a port, not a scheme."""
    before, _, after = text.partition(":")
    return "." in before and after[:1].isdigit()
