"""The queue's page as a test reads it: its cards, what it says, and what a form of it sends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from werkzeug.test import TestResponse

from tests.web.staff import Staffer

JSON = {"Accept": "application/json"}
_CARD = re.compile(r'<article class="card.*?</article>', re.DOTALL)
_ID = re.compile(r'data-id="(\w+)"')
_TOKEN = re.compile(r'data-token="([\w:]+)"')
_WORDS = re.compile(r'<div class="words[^>]*>(.*?)</div>', re.DOTALL)


@dataclass(frozen=True)
class Card:
    """One card of a page."""

    html: str

    @property
    def id(self) -> str:
        return _only(_ID, self.html)

    @property
    def token(self) -> str:
        return _only(_TOKEN, self.html)

    @property
    def words(self) -> str:
        """The comment's text, marked as it is."""
        return _only(_WORDS, self.html)


def cards(answer: TestResponse) -> list[Card]:
    """Return the cards of a page."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [Card(found) for found in _CARD.findall(answer.get_data(as_text=True))]


def shown(browser: Staffer, query: str = "site=demo") -> list[Card]:
    """Load the queue and return its cards."""
    return cards(browser.get(f"/moderate/?{query}"))


def text_of(answer: TestResponse) -> str:
    """Return a page's words as a person reads them, in one line."""
    bare = re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))
    return " ".join(unescape(bare).split())


def decide(browser: Staffer, action: str, *tokens: str, **more: Any) -> TestResponse:
    """Send a decision as the page's plain form does."""
    fields = {"action": action, "comment": list(tokens), "back": "site=demo", **more}
    return browser.post("/moderate/decisions", fields)


def decide_by_script(browser: Staffer, action: str, *tokens: str, **more: Any) -> TestResponse:
    """Send a decision as the page's script does."""
    fields = {"action": action, "comment": " ".join(tokens), "back": "site=demo", "sure": "yes"}
    return browser.post("/moderate/decisions", {**fields, **more}, headers=JSON)


def _only(pattern: re.Pattern[str], html: str) -> str:
    found = pattern.search(html)
    assert found is not None
    return found[1]
