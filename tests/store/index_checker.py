"""What the queue's indexes must hold, made from the comments the simplest way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from service.moderation.signal import Attribute
from service.moderation.verdict import Status
from service.store.facets import HAS_LINK, LANGUAGES, OTHER, SIZE, stored_facets, table_of
from service.store.keys import SiteKeys
from service.store.store import Store

SECONDS = 2**33
REACH = slice(4, 8)


def assert_indexed(store: Store, site: str, ids: Iterable[str]) -> None:
    """Compare every index of the queue with a site's comments; ``ids`` are all of them."""
    keys, redis = SiteKeys(site), _redis(store)
    names = list(ids)
    pipe = redis.pipeline(transaction=False)
    for name in names:
        pipe.hgetall(keys.comment(name))
    pipe.hgetall(keys.facets)
    pipe.zrange(keys.reported, 0, -1)
    pipe.keys(keys.held_on("*").replace("{", "[{]").replace("}", "[}]").replace("page:*", "*"))
    *rows, kept, reported, found = pipe.execute()
    stored = dict(zip(names, rows, strict=True))
    assert_facets(site, stored, kept)
    expected: dict[str, dict[str, float]] = defaultdict(dict)
    for name, fields in stored.items():
        if fields[b"status"] == b"held":
            for key, score in _places(keys, fields, kept[name.encode()]):
                expected[key][name] = score
    indexes = sorted({key.decode() for key in found} - {keys.reported} | {keys.status("held")})
    for key in indexes:
        pipe.zrange(key, 0, -1, withscores=True)
    for key, members in zip(indexes, pipe.execute(), strict=True):
        assert {m.decode(): score for m, score in members} == expected.pop(key, {}), key
    assert not expected
    held = {name for name, fields in stored.items() if fields[b"status"] == b"held"}
    assert {member.decode() for member in reported} <= held


def assert_facets(
    site: str, stored: Mapping[str, Mapping[bytes, bytes]], kept: Mapping[bytes, bytes]
) -> None:
    """Compare the packed facets, but for the reach, which is of the time they were kept."""
    settled = {name: f for name, f in stored.items() if f[b"status"] != b"received"}
    assert {name.decode() for name in kept} == set(settled)
    for name, fields in settled.items():
        assert _without_reach(kept[name.encode()]) == _without_reach(
            stored_facets(name, site, fields)
        )


def _places(
    keys: SiteKeys, fields: Mapping[bytes, bytes], packed: bytes
) -> Iterable[tuple[str, float]]:
    (row,) = table_of(packed)
    at = int(fields[b"submitted_at"])
    scores = dict(zip(Attribute, row["scores"].tolist(), strict=True))
    lang = row["lang"].decode()
    yield keys.severity, (10_000 - max(scores.values())) * SECONDS + at // 1000
    yield keys.reach, (2**19 - 1 - int(row["reach"])) * SECONDS + at // 1000
    for attribute, score in scores.items():
        if score:
            yield keys.scored(attribute), (10_000 - score) * SECONDS + at // 1000
    if row["flags"] & HAS_LINK:
        yield keys.with_link, at
    yield keys.in_language(lang if lang in LANGUAGES else OTHER), at
    yield keys.held_on(fields[b"page_key"].decode()), at
    if fields.get(b"author"):
        yield keys.held_by(fields[b"author"].decode()), at
    yield keys.status(Status.HELD), at


def _without_reach(packed: bytes) -> bytes:
    assert len(packed) == SIZE
    return packed[: REACH.start] + packed[REACH.stop :]


def _redis(store: Store) -> Any:
    return store.client
