"""Pictures of the staff's pages for the documentation. ``python -m tests.browser.screenshots``.

It starts the service on a folder of its own, sends it comments, has a moderator decide on
some, and photographs what is then to be seen.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from config.settings import Settings, load_secrets
from service.moderation.verdict import Status
from service.store.decisions import Order
from service.store.queue.queue import Filters, Sort
from service.store.server.embedded import server_urls
from service.store.staff.accounts import Account, Role
from service.store.store import Store, open_store
from service.web.staff.guard import COOKIE
from tests.browser.conftest import CHROMIUM, OPTIONS, session_of
from tests.processes.service_up import ServiceUp

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
DESK: ViewportSize = {"width": 1180, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
COMMENTS = (
    ("Claire Morel", "Merci pour cet article, j'ai enfin compris comment marche une écluse."),
    ("AKPANRI Komla", "Une question : qui paie l'entretien des portes, la commune ou l'État ?"),
    ("Jean", "Vous êtes vraiment des abrutis, cet article est une honte."),
    ("Olivier", "T'es un gros naze, retourne à l'école au lieu d'écrire."),
    ("Casino Royal", "Gagnez 5000 € ce soir http://casino-win.xyz http://slots.top/free"),
    ("Sarah O'Neil", "What an idiot you must be to believe a word of this."),
    ("李", "The photo of the lock gates is beautiful. Thank you!"),
    ("Marc", "Si je croise l'auteur, il va le regretter, je vous le promets."),
    ("Nadia", "Putain c'est génial, merci pour le reportage !"),
    ("Paul", "Tu n'es pas un imbécile, mais là tu as tort."),
)
ALWAYS_HELD = ("Jean", "Olivier", "Sarah O'Neil", "Marc", "Paul")
"""Held by hand where the judge refused them, so that the queue is not empty."""


class PictureFailed(Exception):
    """Say that a page did not come."""


@dataclass(frozen=True)
class Picture:
    """Name one picture: its file, the address, how large, and in which colours."""

    name: str
    path: str
    size: ViewportSize = field(default_factory=lambda: DESK)
    is_dark: bool = False


def pictures(card: str) -> list[Picture]:
    """Return what is photographed; ``card`` is the id of a held comment."""
    return [
        Picture("queue", "/moderate/?site=demo"),
        Picture("queue-dark", "/moderate/?site=demo", is_dark=True),
        Picture("queue-phone", "/moderate/?site=demo", PHONE),
        Picture("card", f"/moderate/comments/{card}?site=demo"),
        Picture("history", "/moderate/history?site=demo"),
        Picture("settings", "/settings/demo/policy"),
        Picture("ops", "/ops/"),
    ]


def photograph(
    browser: Browser, url: str, token: str, wanted: Iterable[Picture], folder: Path
) -> None:
    """Write each picture into ``folder``, as the person signed in by ``token`` sees it."""
    for each in wanted:
        context = browser.new_context(
            locale="fr-FR",
            viewport=each.size,
            color_scheme="dark" if each.is_dark else "light",
        )
        context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
        page = context.new_page()
        answer = page.goto(f"{url}{each.path}")
        if answer is None or not answer.ok:
            raise PictureFailed(each.path)
        page.screenshot(path=folder / f"{each.name}.png")
        context.close()


def fill(service: ServiceUp, store: Store) -> str:
    """Send the comments and see to it that some wait; return one that does."""
    key = service.key()
    ids = {author: service.submit(content, key, author)["id"] for author, content in COMMENTS}
    orders = [Order(str(ids[author]), Status.HELD) for author in ALWAYS_HELD]
    store.decisions.decide("demo", orders, "account:Léa", "", 1_790_000_000_000)
    held: Any = store.queue.find("demo", Filters(), Sort.NEWEST, 1, "").records
    return str(held[0].comment.id)


def main() -> int:
    """Take the pictures for the documentation."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="ecluse-") as name, sync_playwright() as playwright:
        service = ServiceUp(Path(name) / "var").start()
        try:
            settings = Settings(data_dir=service.data_dir)
            store = open_store(settings, load_secrets(settings), server_urls(settings).store)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
            token = session_of(store, Account("Léa", Role.ADMINISTRATOR))
            photograph(browser, service.url, token, pictures(fill(service, store)), FOLDER)
            browser.close()
        finally:
            service.end(signal.SIGTERM)
    return 0


if __name__ == "__main__":
    sys.exit(main())
