"""A real browser before a real service: web server, worker and Valkey, started by one command."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.processes.service_up import ServiceUp

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
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
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceUp]:
    made = ServiceUp(tmp_path_factory.mktemp("browser") / "var")
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
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if is_refusal(said.text) else None
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def is_refusal(text: str) -> bool:
    """Say whether the console tells that the content security policy stopped something."""
    return "Content Security Policy" in text
