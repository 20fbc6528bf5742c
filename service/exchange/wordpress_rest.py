"""WordPress's REST API, which also has the spam that no export file holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests

from service.exchange.foreign import (
    NO_PAGE,
    NO_TIME,
    NOT_COMMENT,
    PINGBACK,
    UNREADABLE,
    FileUnreadable,
    Foreign,
    Found,
    Skipped,
)
from service.exchange.plain import plain
from service.exchange.remark42 import object_in, text_in
from service.exchange.wordpress import STATUSES, key_of, moment_ms
from service.moderation.verdict import Status

PER_PAGE = 100
ASKED_FOR = ("approve", "hold", "spam", "trash")
TIMEOUT_S = 30.0
LARGEST_ANSWER = 1 << 24
TRIES = 4
PAUSE_S = 1.0
"""Before the second try; each further pause is twice as long."""
_WORTH_ANOTHER = frozenset({429, 500, 502, 503, 504})
_KINDS = frozenset({"", "comment"})


@dataclass(frozen=True)
class Blog:
    """Ask one blog for its comments, as a user who may moderate them.

    ``password`` is one of the user's application passwords.
    """

    address: str
    user: str
    password: str

    def comments(self, total: Callable[[int], None]) -> Iterator[Found]:
        """Yield every comment; ``total`` hears how many there are of a status.

        Raises ``FileUnreadable`` when the blog refuses, or answers what is none of it.
        """
        self._refuse_plain_http()
        with requests.Session() as session:
            session.auth = (self.user, self.password)
            for status in ASKED_FOR:
                yield from self._of_status(session, status, total)

    def _refuse_plain_http(self) -> None:
        parts = urlsplit(self.address)
        is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme != "https" and not is_here:
            raise FileUnreadable("a password goes over https:// only")

    def _of_status(
        self, session: requests.Session, status: str, total: Callable[[int], None]
    ) -> Iterator[Found]:
        page, pages = 1, 1
        while page <= pages:
            rows, headers = self._page(session, status, page)
            if page == 1:
                pages = _number(headers.get("X-WP-TotalPages"))
                total(_number(headers.get("X-WP-Total")))
            for row in rows:
                yield self._comment_of(row)
            page += 1

    def _page(self, session: requests.Session, status: str, page: int) -> tuple[list[Any], Any]:
        query: dict[str, str | int] = {
            "rest_route": "/wp/v2/comments",
            "status": status,
            "context": "edit",
            "per_page": PER_PAGE,
            "page": page,
            "order": "asc",
            "orderby": "id",
        }
        for attempt in range(TRIES):
            try:
                answer = session.get(
                    self.address.rstrip("/") + "/",
                    params=query,
                    timeout=TIMEOUT_S,
                    allow_redirects=False,
                    stream=True,
                )
                if answer.status_code not in _WORTH_ANOTHER:
                    return _rows(answer), answer.headers
                fault = f"it answers {answer.status_code}"
            except requests.RequestException as error:
                fault = f"it cannot be reached ({type(error).__name__})"
            time.sleep(PAUSE_S * 2**attempt)
        raise FileUnreadable(fault)

    def _comment_of(self, row: object) -> Found:
        data = row if isinstance(row, dict) else {}
        name, link = str(data.get("id") or ""), text_in(data, "link")
        key = key_of(self.address, name)
        kind = text_in(data, "type")
        if not name or text_in(data, "status") not in STATUSES:
            return Skipped(key, UNREADABLE)
        if kind not in _KINDS:
            return Skipped(key, PINGBACK if kind in ("pingback", "trackback") else NOT_COMMENT)
        at_ms = moment_ms(text_in(data, "date_gmt") or text_in(data, "date"))
        if at_ms is None or not link:
            return Skipped(key, NO_TIME if link else NO_PAGE)
        status, above = STATUSES[text_in(data, "status")], data.get("parent")
        content = object_in(data, "content")
        return Foreign(
            key=key,
            page=_page_of(link),
            status=status,
            content=plain(text_in(content, "raw", "rendered"), keeps_lines="raw" in content),
            at_ms=at_ms,
            author=text_in(data, "author_name"),
            email=text_in(data, "author_email"),
            url=text_in(data, "author_url"),
            ip=text_in(data, "author_ip"),
            user_agent=text_in(data, "author_user_agent"),
            parent=key_of(self.address, str(above)) if above else "",
            is_label=status is Status.SPAM,
        )


def _rows(answer: requests.Response) -> list[Any]:
    if answer.status_code in (401, 403):
        raise FileUnreadable("it knows no such user and application password who may moderate")
    if answer.is_redirect:
        raise FileUnreadable(f"it has moved to {answer.headers.get('Location', '?')[:200]!r}")
    if answer.status_code != requests.codes.ok:
        raise FileUnreadable(f"it answers {answer.status_code}")
    raw = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
    try:
        rows = orjson.loads(raw)
    except orjson.JSONDecodeError:
        rows = None
    if len(raw) > LARGEST_ANSWER or not isinstance(rows, list):
        raise FileUnreadable("what it answers is no list of comments")
    return rows


def _page_of(link: str) -> str:
    """Return a comment's page: its link without the comment's place in the thread."""
    page = link.partition("#")[0]
    head, mark, tail = page.rstrip("/").rpartition("/comment-page-")
    return f"{head}/" if mark and tail.isdigit() else page


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
