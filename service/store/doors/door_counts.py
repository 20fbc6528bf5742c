"""What the doors were asked and answered, by day, month and in all; and whose key nobody knew."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.store.doors.door_keys import Door
from service.store.keys import UNKNOWN_AT_DOORS, SiteKeys, unknown_at_doors, warned_at_door
from service.store.server.connection import Client
from service.store.telemetry.slots import Grid

ALL = "all"
KEPT_S = 400 * 86_400
"""How long the days of a month are kept: a year is told of, and the month before it."""
WARN_EVERY_S = 60
UNKNOWN_GRID = Grid(300, 13)
"""Calls with unknown keys are told of for an hour, in steps of five minutes."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Hold how many calls at a door came with a key nobody knows, and when the last did (ms)."""

    calls: int = 0
    last_ms: int | None = None


class DoorCounts:
    """Count what passes the doors."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def add(self, site: str, door: Door, names: Iterable[str], now_s: float) -> None:
        """Count one of each of ``names`` for today."""
        keys = SiteKeys(site)
        month, day = month_and_day(now_s)
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.hincrby(keys.door_counts(door, month), f"{day}:{name}", 1)
            pipe.hincrby(keys.door_counts(door, ALL), name, 1)
        pipe.expire(keys.door_counts(door, month), KEPT_S)
        pipe.execute()

    def of_months(
        self, site: str, door: Door, months: Iterable[str]
    ) -> dict[str, Mapping[str, int]]:
        """Return the counts of each day of some months, by date (ISO 8601)."""
        keys, wanted = SiteKeys(site), list(months)
        pipe = self._client.pipeline(transaction=False)
        for month in wanted:
            pipe.hgetall(keys.door_counts(door, month))
        days: dict[str, dict[str, int]] = {}
        for month, found in zip(wanted, pipe.execute(), strict=True):
            for field, count in found.items():
                day, _, name = field.decode().partition(":")
                days.setdefault(f"{month}-{day}", {})[name] = int(count)
        return dict(sorted(days.items()))

    def in_all(self, site: str, door: Door) -> dict[str, int]:
        """Return the counts since the door was first used."""
        found: Any = self._client.hgetall(SiteKeys(site).door_counts(door, ALL))
        return {name.decode(): int(count) for name, count in found.items()}

    def note_unknown(self, door: Door, now_ms: int) -> bool:
        """Count a call whose key nobody knows; say whether it is time to warn of it."""
        lately = unknown_at_doors(UNKNOWN_GRID.start_of(now_ms))
        pipe = self._client.pipeline(transaction=False)
        pipe.hincrby(UNKNOWN_AT_DOORS, door, 1)
        pipe.hincrby(lately, door, 1)
        pipe.expire(lately, UNKNOWN_GRID.kept_s)
        pipe.hset(UNKNOWN_AT_DOORS, f"{door}:at", str(now_ms))
        pipe.set(warned_at_door(door), "1", nx=True, ex=WARN_EVERY_S)
        return bool(pipe.execute()[-1])

    def unknown(self) -> dict[Door, Unknown]:
        """Return the calls whose keys nobody knew, by door."""
        found: Any = self._client.hgetall(UNKNOWN_AT_DOORS)
        return {
            door: Unknown(
                int(found.get(door.encode(), 0)),
                int(found[f"{door}:at".encode()]) if f"{door}:at".encode() in found else None,
            )
            for door in Door
        }

    def unknown_lately(self, now_ms: int) -> dict[Door, int]:
        """Return how many such calls came within the hour, by each door they came to."""
        pipe = self._client.pipeline(transaction=False)
        for start in UNKNOWN_GRID.starts(now_ms):
            pipe.hgetall(unknown_at_doors(start))
        calls: Counter[bytes] = Counter()
        for slot in pipe.execute():
            calls.update({door: int(count) for door, count in slot.items()})
        return {door: calls[door.encode()] for door in Door if door.encode() in calls}


def month_and_day(now_s: float) -> tuple[str, str]:
    """Return the month (``2026-11``) and the day (``26``) of a moment, in UTC."""
    moment = dt.datetime.fromtimestamp(now_s, dt.UTC)
    return f"{moment:%Y-%m}", f"{moment:%d}"
