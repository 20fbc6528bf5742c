"""One-time links by which somebody sets a password: invitations, and resets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from service.store import keys
from service.store.server.connection import Client
from service.store.staff.accounts import Role
from service.store.tokens import digest, fresh_token

HOUR_MS = 3_600_000


class LinkGone(Exception):
    """Say that a link was used, revoked, or is too old."""


class LinkKind(StrEnum):
    """Name what a link is for."""

    INVITATION = "invitation"
    RESET = "reset"


LIFE_MS = {LinkKind.INVITATION: 72 * HOUR_MS, LinkKind.RESET: 24 * HOUR_MS}


@dataclass(frozen=True, slots=True)
class Link:
    """Hold a link without its token; ``id`` is the token's hash, ``by`` the actor who made it.

    ``role`` and ``sites`` are what an invitation gives.
    """

    id: str
    kind: LinkKind
    name: str
    role: Role
    sites: frozenset[str]
    by: str
    until_ms: int


class Links:
    """Make, list, use and revoke links; a token is kept as its hash only."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def make(
        self,
        kind: LinkKind,
        name: str,
        by: str,
        now_ms: int,
        *,
        role: Role = Role.MODERATOR,
        sites: frozenset[str] = frozenset(),
    ) -> str:
        """Return the token of a new link; earlier ones to the same person are void."""
        self.revoke_to(name, now_ms)
        token = fresh_token()
        link_id, until_ms = digest(token), now_ms + LIFE_MS[kind]
        fields: Any = {
            "kind": kind.value,
            "name": name,
            "role": role.value,
            "sites": " ".join(sorted(sites)),
            "by": by,
            "until": until_ms,
        }
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(keys.link(link_id), mapping=fields)
        pipe.expire(keys.link(link_id), LIFE_MS[kind] // 1000)
        pipe.zadd(keys.LINKS, {link_id: until_ms})
        pipe.execute()
        return token

    def find(self, token: str, now_ms: int) -> Link:
        """Return what a token is good for.

        Raises ``LinkGone``.
        """
        link_id = digest(token)
        stored: Any = self._client.hgetall(keys.link(link_id))
        found = _link_from(link_id, stored)
        if found is None or found.until_ms <= now_ms:
            raise LinkGone
        return found

    def use(self, link: Link) -> None:
        """Void a link because it is used now.

        Raises ``LinkGone`` when somebody else was faster.
        """
        if not self.revoke(link.id):
            raise LinkGone

    def revoke(self, link_id: str) -> bool:
        """Void a link; say whether it was open."""
        self._client.zrem(keys.LINKS, link_id)
        return bool(self._client.delete(keys.link(link_id)))

    def open_links(self, now_ms: int) -> list[Link]:
        """Return the links that can still be used, the one that ends next first."""
        self._client.zremrangebyscore(keys.LINKS, 0, now_ms)
        members: Any = self._client.zrange(keys.LINKS, 0, -1)
        ids = [each.decode() for each in members]
        pipe = self._client.pipeline(transaction=False)
        for link_id in ids:
            pipe.hgetall(keys.link(link_id))
        found = zip(ids, pipe.execute(), strict=True)
        return [link for link_id, stored in found if (link := _link_from(link_id, stored))]

    def revoke_to(self, name: str, now_ms: int) -> None:
        """Void every link to one person."""
        for link in self.open_links(now_ms):
            if link.name == name:
                self.revoke(link.id)

    def revoke_by(self, actor: str, now_ms: int) -> None:
        """Void every link that one person made."""
        for link in self.open_links(now_ms):
            if link.by == actor:
                self.revoke(link.id)


def _link_from(link_id: str, stored: dict[bytes, bytes]) -> Link | None:
    if b"until" not in stored:
        return None
    return Link(
        id=link_id,
        kind=LinkKind(stored[b"kind"].decode()),
        name=stored[b"name"].decode(),
        role=Role(stored[b"role"].decode()),
        sites=frozenset(stored[b"sites"].decode().split()),
        by=stored[b"by"].decode(),
        until_ms=int(stored[b"until"]),
    )
