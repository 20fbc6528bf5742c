"""The values of a site's settings: its name, its origins, its language, its rate limits."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import urlsplit

from service.schemas.language_codes import language_codes
from service.schemas.messages import Message

SITE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LANGUAGE = re.compile(r"[a-z]{2}")
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
DEFAULT_PORTS = {"http": 80, "https": 443}
REQUIRABLE = ("author", "email", "url")
NOT_SITE_NAME = "A site's name has 1 to 63 of a-z, 0-9 and -, and no - in front."
NOT_LANGUAGE = "A language is a code of two letters, like fr or en."
NO_SUCH_LANGUAGE = "No language has the code {code}."
NOT_ORIGIN = "An origin is http:// or https:// and a host, like https://example.org."
MORE_THAN_ORIGIN = "An origin ends after its host and port."
NO_HOST = "No origin has this host."


def site_name(text: str) -> str:
    """Return a site's name; raises ``ValueError`` when it is none."""
    if not SITE_NAME.fullmatch(text):
        raise ValueError(NOT_SITE_NAME)
    return text


def language(text: str) -> str:
    """Return an ISO 639-1 code; raises ``ValueError`` when it is none."""
    if not LANGUAGE.fullmatch(text):
        raise ValueError(NOT_LANGUAGE)
    if text not in language_codes():
        raise ValueError(Message(NO_SUCH_LANGUAGE, code=text))
    return text


def origin(text: str) -> str:
    """Return a web origin as browsers send it (RFC 6454, section 6.1).

    Raises ``ValueError`` when it has no host, another scheme, or more than an origin.
    """
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        raise ValueError(NOT_ORIGIN) from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(NOT_ORIGIN)
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(MORE_THAN_ORIGIN)
    try:
        host, port = _ascii_host(parts.hostname), parts.port
    except ValueError:  # Python's own word for a port or an address that is none
        raise ValueError(NO_HOST) from None
    is_usual = port in (None, DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def _ascii_host(host: str) -> str:
    if ":" in host:
        return f"[{IPv6Address(host)}]"
    name = host.encode("idna").decode("ascii").lower()
    if not HOST.fullmatch(name):
        raise ValueError(NO_HOST)
    return name
