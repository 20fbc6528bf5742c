"""The `call_back` task: post what became of comments to the blogs that asked about them.

A comment-check may name a ``callback``; Akismet's plugin for WordPress (5.5 and later) and its
module for Drupal do, and take the result there as often as it changes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from urllib.parse import urlsplit

import orjson

from config.settings import Settings, load_secrets
from service.remote.guarded import AddressForbidden, PostFailed, Reply, post_json
from service.store.doors.door_keys import DoorKey, DoorKeys
from service.store.sealing import SealBroken
from service.store.server.embedded import server_urls
from service.store.sites import Sites, SiteUnknown
from service.store.store import open_store
from service.store.webhooks.callbacks import Callbacks, Due

AT_ONCE = 20
"""Results in one call."""
CALL_LIMIT_S = 20.0
"""A task ends after this long; a blog that hangs keeps the others' waiting no longer."""
TIMEOUT_S = 10.0
MOST_KEYS = 3
"""Keys shown in one call, where one was rotated again and again."""
UNAUTHORISED = 401
# The plugin says to leave a submit-spam or submit-ham alone that it would send in turn.
HEADERS = {"X-Akismet-Webhook": "1", "User-Agent": "Ecluse"}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caller:
    """Call the blogs back; ``clock`` gives seconds since the epoch."""

    callbacks: Callbacks
    door_keys: DoorKeys
    sites: Sites
    settings: Settings
    clock: Callable[[], float] = time.time

    def call(self, site: str) -> int:
        """Post what is due; return how many results were taken."""
        self.callbacks.clear_bell(site)
        told, until = 0, self.clock() + CALL_LIMIT_S
        while self.clock() < until:
            taken = self.callbacks.take(site, self._now_ms(), AT_ONCE)
            if taken is None:
                break
            by_address = sorted(taken, key=lambda due: (due.url, due.key_id))
            for (url, key_id), together in groupby(by_address, lambda due: (due.url, due.key_id)):
                told += self._post(site, url, key_id, list(together))
        return told

    def _post(self, site: str, url: str, key_id: str, together: Sequence[Due]) -> int:
        keys = self.door_keys.in_use(site, key_id)[:MOST_KEYS]
        if not keys or not self._may_be_called(site, url):
            for due in together:
                self.callbacks.drop(site, due)
            return 0
        comments = [{"guid": due.comment_id, "result": due.result} for due in together]
        try:
            reply = self._posted(url, keys, comments)
        except (PostFailed, AddressForbidden, SealBroken) as error:
            return self._failed(site, together, type(error).__name__)
        if not 200 <= reply.status < 300:
            return self._failed(site, together, f"status {reply.status}")
        for due in together:
            self.callbacks.note_told(site, due)
        refused = refused_in(reply.body)
        if refused:
            told = {"site": site, "comments": sum(due.comment_id in refused for due in together)}
            logger.warning("a blog did not take what became of some comments", extra=told)
        return len(together)

    def _posted(self, url: str, keys: Sequence[DoorKey], comments: list[dict[str, str]]) -> Reply:
        """Post results and return the answer, showing one key after the other while it is 401.

        A blog whose key is being rotated knows the old one or the new one.
        """
        private, reply = self.settings.private_targets, Reply(UNAUTHORISED, b"")
        for key in keys:
            token = self.door_keys.token(key)
            body = {"key": token, "endpoint": "comment-check", "comments": comments}
            reply = post_json(url, body, HEADERS, TIMEOUT_S, may_be_private=private)
            if reply.status != UNAUTHORISED:
                break
        return reply

    def _failed(self, site: str, together: Sequence[Due], why: str) -> int:
        for due in together:
            if not self.callbacks.note_failed(site, due, self._now_ms()):
                logger.error("a blog could not be called back", extra={"comment": due.comment_id})
        logger.warning("a blog was not called back", extra={"site": site, "why": why})
        return 0

    def _may_be_called(self, site: str, url: str) -> bool:
        """Say whether an address is the site's own, as its settings name it now."""
        try:
            return origin_of(url) in self.sites.get(site).site.origins
        except SiteUnknown:
            return False

    def _now_ms(self) -> int:
        return int(self.clock() * 1000)


def origin_of(url: str) -> str:
    """Return the origin of a web address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def refused_in(body: bytes) -> frozenset[str]:
    """Return the comments of which a blog says that it made nothing of what it was told.

    It answers ``{"comments": {guid: {"status": "success" or "error", "message"}}}``. Asking again
    would change nothing: it has lost the comment, or somebody there has decided on it.
    """
    try:
        comments = orjson.loads(body)["comments"]
        return frozenset(each for each in comments if comments[each]["status"] == "error")
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return frozenset()


def call_back(site: str) -> int:
    """Call a site's blogs back: the RQ task. Returns how many results were taken."""
    return caller().call(site)


@cache
def caller() -> Caller:
    """Return this process's caller, made from the environment at the first call."""
    settings = Settings.from_environment()
    store = open_store(settings, load_secrets(settings), server_urls(settings).store)
    return Caller(store.callbacks, store.door_keys, store.sites, settings)
