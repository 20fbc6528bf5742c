"""Somebody signed in, as a browser without script is: a cookie, and the token in each form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.store.staff.accounts import Role
from service.web.staff.guard import COOKIE
from tests.api.house import House

CSRF = re.compile(r'data-csrf="([^"]+)"')


@dataclass
class Staffer:
    """One person's browser."""

    client: FlaskClient
    token: str

    def get(self, path: str, **options: Any) -> TestResponse:
        """Load a page."""
        return self.client.get(path, **options)

    def post(self, path: str, data: dict[str, Any] | None = None, **options: Any) -> TestResponse:
        """Send a form of our pages, with the token they carry."""
        return self.client.post(path, data={"csrf": self.csrf(), **(data or {})}, **options)

    def csrf(self) -> str:
        """Return the token in the forms of this session."""
        found = CSRF.search(self.client.get("/account").get_data(as_text=True))
        assert found is not None
        return unescape(found[1])


def staffer(
    house: House,
    name: str = "Aïcha",
    role: Role = Role.MODERATOR,
    sites: frozenset[str] = frozenset(),
) -> Staffer:
    """Return the browser of a new account, signed in."""
    token = house.session(name, role, sites)
    client = house.app.test_client()
    client.set_cookie(COOKIE, token)
    return Staffer(client, token)
