"""What every command needs first: the settings, and the store behind them."""

from __future__ import annotations

import time

from config.settings import Settings, load_secrets
from service.store.server.connection import connect, wait_until_ready
from service.store.server.embedded import server_urls
from service.store.sites import Changer
from service.store.store import Store, open_store

PATIENCE_S = 2.0
BY = "cli"
"""Whom the audit log names for what is done at the command line."""


def open_here() -> Store:
    """Return the store the environment names.

    Raises ``SettingsInvalid``, ``EmbeddedNotRunning``, ``StoreUnreachable`` or
    ``NotDurable``.
    """
    settings = Settings.from_environment()
    url = server_urls(settings).store
    wait_until_ready(connect(url, retries=0), PATIENCE_S)
    return open_store(settings, load_secrets(settings), url)


def operator() -> Changer:
    """Return who changes settings at the command line, now."""
    return Changer(BY, time.time_ns() // 1_000_000)
