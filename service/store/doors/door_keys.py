"""Keys for the doors that speak others' APIs: of the form that their clients send.

They name no site, as those clients send none, so one table holds those of all sites. It has
keyed hashes only (twelve hexadecimal characters are soon guessed from a plain digest), and
each key sealed beside its hash: a result that is posted back must be shown with it.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import orjson

from service.store.keys import DOOR_KEYS, SITES, SiteKeys
from service.store.sealing import Vault
from service.store.server.connection import Client
from service.store.sites import (
    CACHE_S,
    SETTINGS,
    Changer,
    KeyEnded,
    KeyUnknown,
    SiteUnknown,
    end_of,
    end_of_overlap,
    is_still_good,
)

MOST_CACHED = 4096
"""Keys a process remembers, those it does not know among them; guesses fill no memory."""
LONGEST_KEY = 256


class Door(StrEnum):
    """Name whose API a door speaks."""

    AKISMET = "akismet"
    PERSPECTIVE = "perspective"
    OPENAI = "openai"
    CORAL = "coral"


CALLED = {
    Door.AKISMET: "Akismet",
    Door.PERSPECTIVE: "Perspective",
    Door.OPENAI: "OpenAI",
    Door.CORAL: "Coral",
}
"""What those APIs are called, in every language."""

_MAKE: dict[Door, Callable[[], str]] = {
    # WordPress takes keys of exactly twelve characters, and compares them in any case.
    Door.AKISMET: lambda: secrets.token_hex(6),
    Door.PERSPECTIVE: lambda: secrets.token_urlsafe(29),
    Door.OPENAI: lambda: f"sk-{secrets.token_urlsafe(29)}",
}
GIVEN = frozenset({Door.CORAL})
"""Doors whose keys the other side makes, and signs with."""


class KeyGiven(Exception):
    """Say that the other side makes this key, so that we cannot make its successor."""


@dataclass(frozen=True, slots=True)
class DoorKey:
    """Hold one key: ``id`` names it, ``sealed`` is what opens the door.

    One that was rotated with an overlap is good until ``expires_at`` (seconds since the epoch);
    ``successor`` is the id of the key that took its place.
    """

    id: str
    site: str
    door: Door
    label: str
    created_at: float
    sealed: bytes
    revoked_at: float | None = None
    expires_at: float | None = None
    successor: str | None = None

    def is_good(self, now_s: float) -> bool:
        """Say whether the key was neither revoked nor has run out."""
        return is_still_good(self, now_s)

    @property
    def ends_at(self) -> float | None:
        """Return when the key ended, or will; None where nothing ends it."""
        return end_of(self)


class DoorKeys:
    """Keep the doors' keys; what a look-up finds may be two seconds old.

    ``clock`` measures that age, ``now`` gives seconds since the epoch.
    """

    def __init__(
        self,
        client: Client,
        vault: Vault,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._vault = vault
        self._clock = clock
        self._now = now
        self._known: dict[str, tuple[float, DoorKey | None]] = {}
        self._signing: dict[tuple[str, Door], tuple[float, list[str]]] = {}

    def create(
        self, site: str, door: Door, label: str, by: Changer | None = None
    ) -> tuple[DoorKey, str]:
        """Make a key and return it with its token, which is shown this once.

        Raises ``SiteUnknown``.
        """
        token = _MAKE[door]()
        return self._add(site, door, token, self._digest(door, token), label, by), token

    def take(
        self, site: str, door: Door, token: str, label: str, by: Changer | None = None
    ) -> DoorKey:
        """Keep a key that the other side has made, and signs its calls with.

        Raises ``SiteUnknown``.
        """
        digest = self._digest(door, f"{site}\x1f{token}")
        return self._add(site, door, token, digest, label, by)

    def tokens(self, site: str, door: Door) -> list[str]:
        """Return what a site's good keys for a door open it with, to check signatures by."""
        cached = self._signing.get((site, door))
        if cached is not None and self._clock() - cached[0] < CACHE_S:
            return cached[1]
        found = [
            self._vault.open_bytes(key.sealed, digest).decode()
            for digest, key in self._all()
            if key.site == site and key.door is door and key.is_good(self._now())
        ]
        if len(self._signing) >= MOST_CACHED:
            self._signing.clear()
        self._signing[site, door] = (self._clock(), found)
        return found

    def find(self, door: Door, token: str) -> DoorKey | None:
        """Return the good key that ``token`` is, or None."""
        if not 0 < len(token) <= LONGEST_KEY:
            return None
        digest = self._digest(door, token)
        cached = self._known.get(digest)
        if cached is not None and self._clock() - cached[0] < CACHE_S:
            return cached[1]
        found: Any = self._client.hget(DOOR_KEYS, digest)
        key = _key_from(found) if found else None
        if key is not None and not key.is_good(self._now()):
            key = None
        if len(self._known) >= MOST_CACHED:
            self._known.clear()
        self._known[digest] = (self._clock(), key)
        return key

    def of_site(self, site: str) -> list[DoorKey]:
        """Return a site's keys, oldest first, revoked ones too."""
        return sorted(
            (key for _, key in self._all() if key.site == site), key=lambda key: key.created_at
        )

    def get(self, site: str, key_id: str) -> DoorKey:
        """Return one key of a site; raise ``KeyUnknown``."""
        return self._named(site, key_id)[1]

    def has_any(self) -> bool:
        """Say whether any site has a key for a door."""
        return bool(self._client.hlen(DOOR_KEYS))

    def revoke(self, site: str, key_id: str, by: Changer | None = None) -> DoorKey:
        """End a key for good; one that has ended stays as it is.

        Raises ``KeyUnknown``.
        """
        digest, key = self._named(site, key_id)
        if key.revoked_at is not None:
            return key
        revoked = replace(key, revoked_at=self._time_of(by))
        self._save(digest, revoked, key, by)
        return revoked

    def rotate(
        self, site: str, key_id: str, overlap_s: int = 0, by: Changer | None = None
    ) -> tuple[DoorKey, str]:
        """Return a key's successor, for the same door and of the same label, with its token.

        The old key is good for another ``overlap_s`` seconds. Raises ``KeyUnknown``,
        ``KeyEnded`` when it is good no more, or ``KeyGiven``.
        """
        digest, old = self._named(site, key_id)
        now_s = self._time_of(by)
        if not old.is_good(now_s):
            raise KeyEnded(key_id)
        if old.door in GIVEN:
            raise KeyGiven(key_id)
        made = self.create(site, old.door, old.label, by)
        replaced = replace(old, successor=made[0].id)
        if overlap_s:
            until = end_of_overlap(old, now_s, overlap_s)
            replaced = replace(replaced, expires_at=until)
        else:
            replaced = replace(replaced, revoked_at=now_s)
        self._save(digest, replaced, old, by)
        return made

    def in_use(self, site: str, key_id: str) -> list[DoorKey]:
        """Return the good keys that the other side may know a key by: the newest first.

        They are the key itself, and those that took its place.
        """
        of_site = {key.id: key for key in self.of_site(site)}
        line: list[DoorKey] = []
        key = of_site.get(key_id)
        while key is not None:
            line.append(key)
            key = of_site.get(key.successor or "")
        now_s = self._now()
        return [each for each in reversed(line) if each.is_good(now_s)]

    def token(self, key: DoorKey) -> str:
        """Return what opens the door, to be shown where a result is posted.

        Raises ``SealBroken`` or ``KeyUnknown``.
        """
        digest, _ = self._named(key.site, key.id)
        return self._vault.open_bytes(key.sealed, digest).decode()

    def _add(
        self, site: str, door: Door, token: str, digest: str, label: str, by: Changer | None
    ) -> DoorKey:
        if not self._client.sismember(SITES, site):
            raise SiteUnknown(site)
        at = self._time_of(by)
        sealed = self._vault.seal_bytes(token.encode(), digest)
        key = DoorKey(secrets.token_hex(4), site, door, label, at, sealed)
        self._save(digest, key, None, by)
        return key

    def _named(self, site: str, key_id: str) -> tuple[str, DoorKey]:
        for digest, key in self._all():
            if key.site == site and key.id == key_id:
                return digest, key
        raise KeyUnknown(key_id)

    def _all(self) -> list[tuple[str, DoorKey]]:
        found: Any = self._client.hgetall(DOOR_KEYS)
        return [(digest.decode(), _key_from(raw)) for digest, raw in found.items()]

    def _time_of(self, by: Changer | None) -> float:
        return by.at_ms / 1000 if by else self._now()

    def _digest(self, door: Door, token: str) -> str:
        plain = token.lower() if door is Door.AKISMET else token
        return self._vault.lookup("door key", f"{door}\x1f{plain}")

    def _save(self, digest: str, key: DoorKey, before: DoorKey | None, by: Changer | None) -> None:
        self._client.hset(DOOR_KEYS, digest, _key_json(key))
        self._known.pop(digest, None)
        self._signing.pop((key.site, key.door), None)
        if by is None:
            return
        change = {
            "field": "key",
            "before": _told_of(before) if before else None,
            "after": _told_of(key),
        }
        told: Any = {"kind": SETTINGS, "actor": by.actor, "at": by.at_ms}
        self._client.xadd(SiteKeys(key.site).audit, {**told, "change": orjson.dumps(change)})


def _told_of(key: DoorKey) -> dict[str, Any]:
    """Return what the audit log says of a key: nothing that opens a door."""
    return {
        "id": key.id,
        "for": key.door,
        "label": key.label,
        "revoked_at": key.revoked_at,
        "expires_at": key.expires_at,
    }


def _key_json(key: DoorKey) -> bytes:
    return orjson.dumps({**asdict(key), "sealed": base64.b64encode(key.sealed).decode()})


def _key_from(raw: bytes) -> DoorKey:
    data = orjson.loads(raw)
    data["door"] = Door(data["door"])
    data["sealed"] = base64.b64decode(data["sealed"])
    return DoorKey(**data)
