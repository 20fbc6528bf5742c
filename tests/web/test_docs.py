"""The API documentation: its page, its assets, nothing from elsewhere."""

from __future__ import annotations

import pytest

from tests.api.house import House
from tests.web.markup import Page


@pytest.mark.parametrize("address", ["/docs", "/docs/"])
def test_everything_the_page_needs_is_served_here(house: House, address: str) -> None:
    page = Page(house.client.get(address).get_data(as_text=True))
    needed = [e.attributes["src"] for e in page.all("script")]
    needed += [e.attributes["href"] for e in page.all("link")]
    needed.append(page.by_id("api").attributes["data-description"])
    assert all(path.startswith("/") for path in needed)
    for path in needed:
        with house.client.get(path) as answer:
            assert answer.status_code == 200, path


def test_no_script_stands_in_the_page_itself(house: House) -> None:
    answer = house.client.get("/docs")
    assert all("src" in e.attributes for e in Page(answer.get_data(as_text=True)).all("script"))
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_assets_outside_the_package_are_not_served(house: House) -> None:
    assert house.client.get("/docs/assets/../flask_swagger_ui.py").status_code == 404
