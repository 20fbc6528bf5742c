"""The values that commands take: site names, origins, limits, policies."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import urlsplit

import click

from service.cli.policy_file import entries_of
from service.store.accounts import is_account_name, known_as
from service.store.sites import DEFAULT_LIMITS, Limit

SITE_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
LANGUAGE = re.compile(r"[a-z]{2}")
HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
LIMIT = re.compile(r"([a-z]+)=([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")
DEFAULT_PORTS = {"http": 80, "https": 443}


def site_name(text: str) -> str:
    """Return a site's name; raises ``ValueError`` when it is none."""
    if not SITE_NAME.fullmatch(text):
        raise ValueError("a site's name has 1 to 63 of a-z, 0-9 and -, and no - in front")
    return text


def account_name(text: str) -> str:
    """Return an account's name; raises ``ValueError`` when it is none."""
    name = known_as(text)
    if not is_account_name(name):
        raise ValueError("an account's name has 1 to 64 characters, no spaces, no /")
    return name


def language(text: str) -> str:
    """Return an ISO 639-1 code; raises ``ValueError`` when it cannot be one."""
    if not LANGUAGE.fullmatch(text):
        raise ValueError("a language is a code of two letters, like fr or en")
    return text


def origin(text: str) -> str:
    """Return a web origin as browsers send it (RFC 6454, section 6.1).

    Raises ``ValueError`` when it has no host, another scheme, or more than an origin.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError("an origin is http:// or https:// and a host, like https://example.org")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("an origin ends after its host and port")
    host = _ascii_host(parts.hostname)
    is_usual = parts.port in (None, DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{parts.port}"


def _ascii_host(host: str) -> str:
    if ":" in host:
        return f"[{IPv6Address(host)}]"
    name = host.encode("idna").decode("ascii").lower()
    if not HOST.fullmatch(name):
        raise ValueError(f"no origin has the host {host}")
    return name


def limit(text: str) -> tuple[str, Limit]:
    """Return a rate limit from ``ip=20/600``: dimension, comments, seconds.

    Raises ``ValueError`` when it has another form or an unknown dimension.
    """
    found = LIMIT.fullmatch(text)
    if not found or found[1] not in DEFAULT_LIMITS:
        known = ", ".join(DEFAULT_LIMITS)
        raise ValueError(f"a limit reads ip=20/600 (comments/seconds); it is one of {known}")
    return found[1], Limit(int(found[2]), int(found[3]))


class Parsed(click.ParamType[Any]):
    """Take a value through one of the functions above."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the parsed value; a bad one is a fault of the command line."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except (ValueError, OSError) as error:
            self.fail(str(error), param, ctx)


SITE = Parsed("site", site_name)
ACCOUNT = Parsed("name", account_name)
LANG = Parsed("code", language)
ORIGIN = Parsed("url", origin)
LIMIT_VALUE = Parsed("name=n/s", limit)
POLICY_FILE = Parsed("preset|file.toml", entries_of)
