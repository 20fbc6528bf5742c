"""The values that commands take: site names, origins, limits, policies, times."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click
from marshmallow import ValidationError

from service.cli.policy_file import entries_of
from service.schemas.addresses import Email
from service.schemas.site_values import language, origin, site_name
from service.store.sites import DEFAULT_LIMITS, Limit
from service.store.staff.accounts import is_account_name, known_as

LIMIT = re.compile(r"([a-z]+)=([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")
SPAN = re.compile(r"([0-9]{1,5})([smhd]?)")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


def account_name(text: str) -> str:
    """Return an account's name; raises ``ValueError`` when it is none."""
    name = known_as(text)
    if not is_account_name(name):
        raise ValueError("an account's name has 1 to 64 characters, no spaces, no /")
    return name


def email(text: str) -> str:
    """Return an e-mail address as comments have it; ``-`` reads it from standard input.

    Raises ``ValueError`` when it is none.
    """
    given = sys.stdin.readline() if text == "-" else text
    try:
        found: str = Email(required=True).deserialize(given.strip())
    except ValidationError as error:
        raise ValueError(str(error.messages[0])) from None
    if not found:
        raise ValueError("an e-mail address is needed")
    return found


def limit(text: str) -> tuple[str, Limit]:
    """Return a rate limit from ``ip=20/600``: dimension, comments, seconds.

    Raises ``ValueError`` when it has another form or an unknown dimension.
    """
    found = LIMIT.fullmatch(text)
    if not found or found[1] not in DEFAULT_LIMITS:
        known = ", ".join(DEFAULT_LIMITS)
        raise ValueError(f"a limit reads ip=20/600 (comments/seconds); it is one of {known}")
    return found[1], Limit(int(found[2]), int(found[3]))


def duration(text: str) -> int:
    """Return the seconds in a time span: ``0``, ``30m``, ``24h``, ``7d``.

    Raises ``ValueError`` when it reads otherwise.
    """
    found = SPAN.fullmatch(text)
    if not found:
        raise ValueError("a time span reads 0, 30m, 24h or 7d")
    return int(found[1]) * SECONDS[found[2]]


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
EMAIL = Parsed("address", email)
ACCOUNT = Parsed("name", account_name)
LANG = Parsed("code", language)
ORIGIN = Parsed("url", origin)
LIMIT_VALUE = Parsed("name=n/s", limit)
POLICY_FILE = Parsed("preset|file.toml", entries_of)
DURATION = Parsed("span", duration)


def either_ids_or_all(ids: Sequence[str], *, is_all: bool) -> None:
    """Raise ``UsageError`` where both or neither of them are given."""
    if bool(ids) == is_all:
        raise click.UsageError("name IDS, or say --all")
