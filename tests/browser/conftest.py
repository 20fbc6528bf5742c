"""A real browser before a real service: web server, worker and Valkey, started by one command."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from config.settings import Settings, load_secrets
from service.store.server.embedded import server_urls
from service.store.sites import Site
from service.store.staff.accounts import Account, Role
from service.store.staff.sessions import Visit
from service.store.store import Store, open_store
from service.web.staff.guard import COOKIE
from tests.conftest import free_port
from tests.processes.service_up import ServiceUp
from tests.web.oidc_provider import CLIENT, SECRET

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
PATIENCE_MS = 15_000
_numbers = itertools.count(1)
expect.set_options(timeout=PATIENCE_MS)
OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def provider_port() -> int:
    """Where the service looks for its OpenID Connect provider, whether one runs or not."""
    return free_port()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory, provider_port: int) -> Iterator[ServiceUp]:
    provider = {
        "OIDC_ISSUER": f"http://127.0.0.1:{provider_port}",
        "OIDC_CLIENT_ID": CLIENT,
        "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_NAME": "Chez nous",
    }
    made = ServiceUp(tmp_path_factory.mktemp("browser") / "var", options=provider)
    made.start()
    limits = made.command(
        "sites", "update", "demo", "--limit", "ip=1000/60", "--limit", "email=1000/60"
    )
    assert limits.returncode == 0, limits.stderr
    yield made
    made.end(signal.SIGTERM)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield opened
        opened.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in French; whatever its script complains about fails the test."""
    contexts = []
    complaints: list[str] = []

    def opened(**options: Any) -> Page:
        context = browser.new_context(locale="fr-FR", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if is_refusal(said.text) else None
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def shelves(service: ServiceUp) -> Iterator[Store]:
    """The store of the running service, to fill it and to look at what became of things."""
    settings = Settings(data_dir=service.data_dir)
    opened = open_store(settings, load_secrets(settings), server_urls(settings).store)
    yield opened
    opened.client.close()


@pytest.fixture
def site(shelves: Store) -> str:
    """A site of the test's own, in French, with nothing on it."""
    name = f"site{next(_numbers)}"
    shelves.sites.create(Site(name, lang="fr"))
    return name


@pytest.fixture
def signed_in(
    service: ServiceUp, shelves: Store, new_page: Callable[..., Page]
) -> Callable[..., Page]:
    """Open a page of somebody who has signed in; a name is an account of this test alone."""
    tokens: dict[str, str] = {}

    def opened(name: str = "Léa", role: Role = Role.MODERATOR, **options: Any) -> Page:
        if name not in tokens:
            tokens[name] = session_of(shelves, Account(f"{name}{next(_numbers)}", role))
        page = new_page(**options)
        page.context.add_cookies([{"name": COOKIE, "value": tokens[name], "url": service.url}])
        return page

    return opened


def session_of(shelves: Store, account: Account) -> str:
    """Return the token of a new account's session."""
    shelves.accounts.create(account, "one time password")
    visit = Visit(int(time.time() * 1000))
    return shelves.door.sign_in(account.name, "one time password", visit, "a password long enough")


def is_refusal(text: str) -> bool:
    """Say whether the console tells that the content security policy stopped something."""
    return "Content Security Policy" in text
