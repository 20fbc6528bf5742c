"""A blog that calls Akismet's door, as its clients do: forms in, a word out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from service.store.doors.door_keys import Door
from tests.api.house import ORIGIN, PAGE, House

CALLBACK = f"{ORIGIN}/wp-json/akismet/v1/webhook"
# Too rude to stand unseen and too mild to be refused: the balanced policy holds it.
HELD = "Visit https://example.com/shop for a great discount on shoes"
GUID, RECHECK, PRO_TIP = "X-akismet-guid", "X-akismet-recheck-after", "X-akismet-pro-tip"
DEBUG = "X-akismet-debug-help"


@dataclass
class Blog:
    """A blog with a key for the door of a house."""

    house: House
    key: str

    def call(self, path: str, **fields: Any) -> TestResponse:
        """Post what a comment is sent with; ``None`` leaves a field out, ``headers`` is none."""
        headers = fields.pop("headers", None)
        sent = {
            "api_key": self.key,
            "blog": ORIGIN,
            "user_ip": "192.0.2.7",
            "user_agent": "Mozilla/5.0",
            "permalink": PAGE,
            "comment_type": "comment",
            "comment_author": "Zoé",
            "comment_author_email": "zoe@example.org",
            "comment_content": "Très bon article, merci !",
            **fields,
        }
        body = {name: value for name, value in sent.items() if value is not None}
        return self.house.client.post(path, data=body, headers=headers)

    def check(self, content: str = "Très bon article, merci !", **fields: Any) -> TestResponse:
        return self.call("/1.1/comment-check", comment_content=content, **fields)


def blog_of(house: House, site: str = "demo") -> Blog:
    """Return a blog with a new key."""
    return Blog(house, house.services.store.door_keys.create(site, Door.AKISMET, "blog")[1])
