"""The last lines of a start: where everything is, and how to send a first comment."""

from __future__ import annotations

import json
import shlex

import click

from config.settings import Settings
from service.first_start import ADMINISTRATOR, FIRST_SITE, Secret
from service.up import address_of


def print_welcome(settings: Settings, secret: Secret) -> None:
    """Print the addresses, and what is shown once where it was made just now."""
    click.echo("\n".join(welcome(settings, secret)))


def welcome(settings: Settings, secret: Secret) -> list[str]:
    """Return the lines to print when the service is up."""
    url = address_of(settings)
    lines = ["", f"Écluse is up at {url}", *_addresses(url)]
    lines += _about_password(url, secret.password) if secret.password else _no_password()
    lines += _about_key(url, secret.token) if secret.token else _no_key()
    return [*lines, "", "Ctrl-C stops it.", ""]


def _addresses(url: str) -> list[str]:
    return [
        f"  sign in        {url}/sign-in",
        f"  demo page      {url}/demo",
        f"  API reference  {url}/docs",
        f"  health         {url}/healthz",
    ]


def _about_password(url: str, password: str) -> list[str]:
    return [
        "",
        f"Administrator `{ADMINISTRATOR}`, one-time password (shown once):  {password}",
        "  The first sign-in sets your own, of 12 characters or more:",
        f"  {url}/sign-in",
    ]


def _no_password() -> list[str]:
    return ["", f"Password lost?  ecluse users reset {ADMINISTRATOR}"]


def _about_key(url: str, token: str) -> list[str]:
    body = {
        "author": "Claire",
        "email": "claire@example.org",
        "content": "Merci pour cet article.",
        "page": f"{url}/demo",
    }
    return [
        "",
        f"Site `{FIRST_SITE}`, key (shown once):  {token}",
        "  Send a first comment:",
        f"  {_curl(f'{url}/v1/sites/{FIRST_SITE}/comments?wait=2', body, token)}",
    ]


def _no_key() -> list[str]:
    return ["Key lost?       ecluse keys create SITE   (sites: ecluse sites list)"]


def _curl(url: str, body: dict[str, str], token: str = "") -> str:
    """Return a command for a shell that posts ``body`` as JSON."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    key = f" -H {shlex.quote(f'Authorization: Bearer {token}')}" if token else ""
    kind = " -H 'Content-Type: application/json'"
    return f"curl -sS -X POST '{url}'{key}{kind} -d {shlex.quote(data)}"
