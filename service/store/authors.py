"""Authors: what became of their comments on a site, and whom its moderators trust."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from service.store.keys import SiteKeys
from service.store.scripts import Argument, script
from service.store.server.connection import Client

MOST_TRUSTED = 10_000


class TrustedFull(Exception):
    """Say that a site trusts as many authors as it may."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Hold an author's record: comments approved and refused, when the first came (ms, or 0)."""

    approved: int = 0
    refused: int = 0
    first_seen_ms: int = 0
    is_trusted: bool = False


@dataclass(frozen=True, slots=True)
class Trusted:
    """Hold a trusted author: by which key, called what, and who trusts them since when (ms)."""

    author_key: str
    label: str
    actor: str
    at_ms: int


class Authors:
    """Keep the authors' records."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._trust = script("trust")

    def standing(self, site: str, author_key: str) -> Standing:
        """Return an author's record; an empty one for an author known by nothing."""
        return self.standings(site, [author_key])[author_key]

    def standings(self, site: str, author_keys: Collection[str]) -> dict[str, Standing]:
        """Return the record of each of some authors, by key, in one round trip."""
        keys = SiteKeys(site)
        known = sorted({key for key in author_keys if key})
        pipe = self._client.pipeline(transaction=False)
        for key in known:
            pipe.hmget(keys.author(key), "approved", "refused", "first_seen")
            pipe.hexists(keys.trusted, key)
        found: Any = pipe.execute()
        rows = zip(known, found[::2], found[1::2], strict=True)
        return {"": Standing(), **{key: _standing(*row) for key, *row in rows}}

    def trust(
        self, site: str, author_key: str, actor: str, now_ms: int, *, label: str = ""
    ) -> None:
        """Trust an author from now on; ``label`` is what a list of the trusted calls them.

        Raises ``TrustedFull``.
        """
        how = orjson.dumps({"by": actor, "at": now_ms, "label": label})
        if self._change(site, author_key, how, actor) == b"full":
            raise TrustedFull

    def distrust(self, site: str, author_key: str, actor: str, now_ms: int) -> None:  # noqa: ARG002
        """Trust an author no more; one that nobody trusted stays so."""
        self._change(site, author_key, b"", actor)

    def forget(self, site: str, author_key: str) -> None:
        """Forget an author's record, and that anybody trusts them."""
        keys = SiteKeys(site)
        self._client.delete(keys.author(author_key))
        self._client.hdel(keys.trusted, author_key)

    def trusted(self, site: str) -> list[Trusted]:
        """Return whom the site's moderators trust, those trusted last first."""
        found: Any = self._client.hgetall(SiteKeys(site).trusted)
        listed = (_trusted(name, raw) for name, raw in found.items())
        return sorted(listed, key=lambda each: -each.at_ms)

    def _change(self, site: str, author_key: str, how: bytes, actor: str) -> Any:
        keys = SiteKeys(site)
        arguments: list[Argument] = [author_key, how, actor, MOST_TRUSTED]
        return self._trust(self._client, [keys.trusted, keys.audit], arguments)


def _standing(counted: Sequence[bytes | None], is_trusted: bool) -> Standing:
    approved, refused, first_seen = counted
    return Standing(
        max(int(approved or 0), 0),
        max(int(refused or 0), 0),
        int(float(first_seen or 0)),
        bool(is_trusted),
    )


def _trusted(name: bytes, raw: bytes) -> Trusted:
    data = orjson.loads(raw)
    return Trusted(name.decode(), data["label"], data["by"], data["at"])
