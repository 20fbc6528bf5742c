"""What stands on an operator's other sites: one window for all, of fingerprints and hashes only.

It lives under a hash tag of its own and is read and written apart from any site's scripts. A
line lost, or a window that cannot be reached, takes away a hint and nothing else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from redis.exceptions import RedisError

from service.moderation.batch import Recent
from service.moderation.fingerprint import SIZE, key64
from service.store.keys import EVERY_SITE, SITES, SiteKeys
from service.store.server.connection import Client
from service.store.window import ID_AT

LOOK_AGAIN_S = 2.0
"""How long the number of sites is taken to stay the same."""

_LINE = np.dtype(
    [("print", np.uint8, SIZE), ("author", "<u8"), ("site", "<u8"), ("comment", "<u8")]
)
_AUTHOR_END = SIZE + 8

logger = logging.getLogger(__name__)


class Elsewhere:
    """Keep the window that several sites share; with one site it is neither read nor written."""

    def __init__(
        self, client: Client, window: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._window = window
        self._clock = clock
        self._looked_at = float("-inf")
        self._has_several = False

    def recent(self, site: str) -> Recent:
        """Return the traces of the other sites' comments; their sites stand for their pages."""
        try:
            if not self._is_used():
                return Recent()
            lines: Any = self._client.lrange(SiteKeys(EVERY_SITE).recent, 0, -1)
        except (RedisError, OSError):
            logger.exception("the other sites' window cannot be read")
            return Recent()
        return traces_elsewhere(lines, site)

    def remember(self, site: str, lines: Iterable[bytes]) -> None:
        """Add what the site's own window keeps of some comments, their ids and pages hashed."""
        try:
            made = [line_elsewhere(site, line) for line in lines] if self._is_used() else []
            if not made:
                return
            pipe = self._client.pipeline(transaction=False)
            pipe.rpush(SiteKeys(EVERY_SITE).recent, *made)
            pipe.ltrim(SiteKeys(EVERY_SITE).recent, -self._window, -1)
            pipe.execute()
        except (RedisError, OSError):
            logger.exception("the other sites' window cannot be written")

    def _is_used(self) -> bool:
        if self._window and self._clock() - self._looked_at >= LOOK_AGAIN_S:
            count: Any = self._client.scard(SITES)
            self._has_several, self._looked_at = int(count) > 1, self._clock()
        return self._has_several


def line_elsewhere(site: str, line: bytes) -> bytes:
    """Return a line of the site's own window as the sites share it: nothing but hashes."""
    keys = key64(site), key64(f"{site}/{line[ID_AT:].decode()}")
    return line[:_AUTHOR_END] + b"".join(key.to_bytes(8, "little") for key in keys)


def traces_elsewhere(lines: Sequence[bytes], site: str) -> Recent:
    """Return what other sites than ``site`` left, oldest first, each comment's latest line alone.

    Lines of another length, which another release wrote, are left out.
    """
    table = np.frombuffer(b"".join(x for x in lines if len(x) == _LINE.itemsize), _LINE)
    _, latest = np.unique(table["comment"][::-1], return_index=True)
    kept = table[np.sort(len(table) - 1 - latest)]
    others = kept[kept["site"] != key64(site)]
    ids = tuple(map(str, others["comment"].tolist()))
    return Recent(np.ascontiguousarray(others["print"]), ids, others["author"], others["site"])
