"""The client: one site's comments in and out, and its moderators' work."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, Self
from urllib.parse import quote, urlencode, urlsplit

from ecluse_client.answers import Decided, Held, OwnComment, PublicComment, Receipt
from ecluse_client.errors import NoVerdict
from ecluse_client.transport import Transport

Action = Literal["approve", "hold", "reject", "spam", "delete"]
Order = Literal["newest", "oldest"]
MOST_DECISIONS = 500
MOST_COUNTS = 100
LONGEST_WAIT_S = 5.0
"""What the service allows a request to wait, by default; it may allow less."""
_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0


class Ecluse:
    """Speak to one site at the service at ``base`` with one of the site's keys.

    ``language`` (``fr`` or ``en``) is that of the answers' sentences. ``tls`` is an SSL
    context with an authority of one's own. Without ``key`` only what is public is answered.

    Every call raises ``Refused`` for what the service declines and ``Unreachable`` where no
    answer comes.
    """

    def __init__(
        self,
        base: str,
        site: str,
        key: str = "",
        *,
        language: str = "en",
        timeout_s: float = 15.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        headers = {"Accept-Language": language}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._transport = Transport(base, headers, timeout_s, tls)
        self._site = site
        self._root = f"/v1/sites/{quote(site, safe='')}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the connection go; the next call opens another."""
        self._transport.close()

    # Comments in

    def submit(
        self,
        *,
        content: str,
        page: str,
        author: str = "",
        email: str = "",
        wait_s: float = 0.0,
        idempotency_key: str = "",
        **more: Any,
    ) -> Receipt:
        """Submit a comment; ``wait_s`` waits for its verdict, up to what the service allows.

        ``more`` are the API's other fields: ``url``, ``parent``, ``page_title``, ``lang``,
        ``ip``, ``user_agent``, ``referrer``, ``submitted_at``, ``author_id``, ``is_staff``,
        ``nudge_token``. Raises ``Invalid``, ``Nudged`` or ``TooMany`` among others.
        """
        body = {"content": content, "page": page, "author": author, "email": email, **more}
        sent = {name: value for name, value in body.items() if value not in ("", None)}
        path = _with(f"{self._root}/comments", wait=_positive(wait_s))
        headers = {"Idempotency-Key": idempotency_key or secrets.token_hex(16)}
        return Receipt.of(self._transport.ask("POST", path, sent, headers, is_repeatable=True))

    def comment(self, comment_id: str, *, wait_s: float = 0.0, edit_token: str = "") -> OwnComment:
        """Return what became of a comment; an ``edit_token`` does where there is no key."""
        path = _with(self._own(comment_id), wait=_positive(wait_s))
        return OwnComment.of(self._get(path, _token(edit_token)))

    def wait(self, comment_id: str, *, timeout_s: float = 30.0, edit_token: str = "") -> OwnComment:
        """Return a comment once its verdict is known, asking ever less often.

        Raises ``NoVerdict``.
        """
        until, pause_s = time.monotonic() + timeout_s, _FIRST_PAUSE_S
        while True:
            left_s = until - time.monotonic()
            wait_s = max(0.0, min(LONGEST_WAIT_S, left_s))
            found = self.comment(comment_id, wait_s=wait_s, edit_token=edit_token)
            if found.is_judged:
                return found
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise NoVerdict(comment_id)
            time.sleep(min(pause_s, left_s))
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def edit(self, comment_id: str, *, edit_token: str = "", **changes: str) -> OwnComment:
        """Change ``content`` (needed), ``author`` or ``url``; the comment is checked again.

        Raises ``Conflict`` when it is too late.
        """
        path = self._own(comment_id)
        return OwnComment.of(self._transport.ask("PATCH", path, changes, _token(edit_token)))

    def withdraw(self, comment_id: str, *, edit_token: str = "") -> OwnComment:
        """Take a comment back: its words and everything personal go.

        Raises ``Conflict`` when it is too late.
        """
        path = self._own(comment_id)
        return OwnComment.of(self._transport.ask("DELETE", path, None, _token(edit_token)))

    # Threads out

    def comments(self, page: str, *, order: Order = "newest") -> Iterator[PublicComment]:
        """Yield a page's approved comments, each with its first replies."""
        path = f"{self._root}/pages/{quote(page, safe='')}/comments"
        path = _with(path, order=order, limit=100)
        while path:
            found = self._get(path)
            yield from map(PublicComment.of, found["comments"])
            path = _path_of(found["next"])

    def replies(self, comment_id: str) -> Iterator[PublicComment]:
        """Yield all approved replies below a comment, oldest first, each with its parent."""
        path, cursor = f"{self._own(comment_id)}/replies", ""
        while True:
            found = self._get(_with(path, limit=100, cursor=cursor))
            yield from map(PublicComment.of, found["comments"])
            cursor = found["next"] or ""
            if not cursor:
                return

    def counts(self, pages: Iterable[str]) -> dict[str, int]:
        """Return how many approved comments each page has."""
        counted: dict[str, int] = {}
        for some in _parts(list(dict.fromkeys(pages)), MOST_COUNTS):
            body = {"pages": some}
            path = f"{self._root}/counts"
            counted |= self._transport.ask("POST", path, body, is_repeatable=True)["counts"]
        return counted

    # Moderators' work

    def queue(self, **wanted: Any) -> Iterator[Held]:
        """Yield the comments that wait for a moderator, oldest first.

        ``wanted`` are the API's filters: ``status``, ``order``, ``page``, ``language``,
        ``attribute``, ``least``, ``most``, ``author``, ``words``, ``reported``,
        ``has_link``, ``unscreened``, ``after``, ``before``, ``limit`` (of one request).
        """
        cursor = ""
        while True:
            query = {"site": self._site, **wanted, "cursor": cursor}
            found = self._get(_with("/v1/moderation/queue", **query))
            yield from map(Held.of, found["comments"])
            cursor = found["next"] or ""
            if not cursor:
                return

    def decide(
        self, comment_id: str, action: Action, *, reason: str = "", version: int | None = None
    ) -> Decided:
        """Decide on one comment.

        With ``version`` it counts only if nobody was faster: raises ``Conflict`` otherwise.
        """
        body: dict[str, Any] = {"id": comment_id, "action": action, "reason": reason}
        if version is not None:
            body["version"] = version
        return self._decided(body)[0]

    def decide_all(
        self, comment_ids: Sequence[str], action: Action, *, reason: str = ""
    ) -> list[Decided]:
        """Decide on many comments alike; return what became of each."""
        results: list[Decided] = []
        for some in _parts(list(dict.fromkeys(comment_ids)), MOST_DECISIONS):
            results += self._decided({"ids": some, "action": action, "reason": reason})
        return results

    def _decided(self, body: dict[str, Any]) -> list[Decided]:
        sent = {"site": self._site, **body}
        found = self._transport.ask("POST", "/v1/moderation/decisions", sent)
        return [Decided.of(each) for each in found["results"]]

    def _get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        return self._transport.ask("GET", path, None, headers, is_repeatable=True)

    def _own(self, comment_id: str) -> str:
        return f"{self._root}/comments/{quote(comment_id, safe='')}"


def _token(edit_token: str) -> dict[str, str]:
    return {"Edit-Token": edit_token} if edit_token else {}


def _positive(seconds: float) -> str:
    return f"{seconds:g}" if seconds > 0 else ""


def _with(path: str, **query: Any) -> str:
    """Return a path with a query of what is not empty."""
    asked = {name: _written(value) for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(asked)}" if asked else path


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _path_of(link: str | None) -> str:
    """Return the path and query of a link the service gave: never another host."""
    parts = urlsplit(link or "")
    return f"{parts.path}?{parts.query}" if parts.path else ""


def _parts(whole: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]
