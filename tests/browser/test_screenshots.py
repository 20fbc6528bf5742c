"""The pictures of the documentation can be taken anew."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from service.store.staff.accounts import Account, Role
from service.store.store import Store
from tests.browser.conftest import session_of
from tests.browser.screenshots import Picture, photograph
from tests.processes.service_up import ServiceUp
from tests.stock import Stocked, stock


def test_a_page_is_photographed_as_its_reader_sees_it(
    service: ServiceUp, shelves: Store, site: str, browser: Browser, tmp_path: Path
) -> None:
    stock(shelves, [Stocked()], site)
    token = session_of(shelves, Account("Photographe", Role.ADMINISTRATOR))
    wanted = [
        Picture("light", f"/moderate/?site={site}"),
        Picture("dark", f"/moderate/?site={site}", is_dark=True),
    ]
    photograph(browser, service.url, token, wanted, tmp_path)
    light, dark = (tmp_path / "light.png").read_bytes(), (tmp_path / "dark.png").read_bytes()
    assert light.startswith(b"\x89PNG")
    assert light != dark
