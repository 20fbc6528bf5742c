"""Who knocks: the time, the caller's address as a hash, the browser in a few words."""

from __future__ import annotations

import re

from flask import request

from service.api.services import now_ms, services
from service.store.networks import network_of
from service.store.staff.sessions import Visit

BROWSERS = (
    ("Edge", re.compile(r"Edg\w*/(\d+)")),
    ("Opera", re.compile(r"OPR/(\d+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:Chrome|Chromium|CriOS)/(\d+)")),
    ("Safari", re.compile(r"Version/(\d+).*Safari/")),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
PROGRAM = re.compile(r"[\w.+-]+(?:/[\w.+-]+)?")


def visit() -> Visit:
    """Return what is known of the caller."""
    return Visit(now_ms(), browser_of(request.headers.get("User-Agent", "")[:400]), _ip_key())


def browser_of(user_agent: str) -> str:
    """Return a user agent in a few words: ``Firefox 140, Linux``; a program's first word."""
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    for name, pattern in BROWSERS:
        found = pattern.search(user_agent)
        if found:
            return ", ".join(filter(None, (f"{name} {found[1]}", system)))
    program = PROGRAM.match(user_agent)
    return program[0] if program else ""


def _ip_key() -> str:
    return services().store.vault.lookup("sign-in", network_of(request.remote_addr or ""))
