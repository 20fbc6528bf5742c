"""Where one comment must stand in its site's indexes, by what its own hash says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from service.moderation.signal import Attribute
from service.moderation.verdict import Status, Verdict
from service.store.facets import HAS_LINK, LANGUAGES, OTHER, SIZE, WHOLE, stored_facets, table_of
from service.store.keys import STATUS_ORDER, SiteKeys
from service.store.queue.indexes import MOST_REACH, SECONDS
from service.store.recalls import RULE as CAMPAIGN_RULE
from service.store.records import verdict_from

Fields = Mapping[bytes, bytes]
REACH = slice(4, 8)
FENCE = (
    "status", "version", "revision", "content", "verdict", "settled_at", "author", "submitted_at",
    "page_key", "parent", "root", "reports", "appeal", "decision", "held_by_reports", "withdrawn",
    "origin",
)  # fmt: skip
"""The fields that decide where a comment stands: what was read holds as long as these do."""


@dataclass(frozen=True, slots=True)
class Owed:
    """Hold the sorted sets a comment must stand in, with its score in each.

    ``optional`` are those it may stand in, nobody can tell; a score of None is any.
    ``facets`` is None for a comment that is not settled, or is none.
    """

    places: Mapping[str, float] = field(default_factory=dict)
    optional: Mapping[str, float | None] = field(default_factory=dict)
    facets: bytes | None = None


NOTHING_OWED = Owed()


def owed(keys: SiteKeys, comment_id: str, fields: Fields, kept: bytes | None) -> Owed:
    """Return what a stored comment is owed; ``kept`` are its facets, which know its reach."""
    if b"status" not in fields or b"submitted_at" not in fields:
        return NOTHING_OWED
    status, at = fields[b"status"].decode(), float(fields[b"submitted_at"])
    places: dict[str, float] = {}
    is_listed = status == Status.APPROVED or b"replies" in fields
    if is_listed and b"origin" not in fields:
        places[listing_of(keys, fields)] = at
    if b"appeal" in fields and (appealed := _open_appeal(fields[b"appeal"])) is not None:
        places[keys.appeals] = appealed
    if status not in STATUS_ORDER:
        return Owed(places)
    facets = _with_reach(stored_facets(comment_id, keys.site, fields), kept)
    places[keys.status(status)] = at
    if status == Status.HELD:
        places |= dict(_queue_places(keys, fields, facets, int(at)))
        if b":- " in fields.get(b"reports", b"") + b" ":
            places[keys.reported] = at
    must, may = _marks(keys, fields, status, at)
    return Owed({**places, **must}, may, facets)


def listing_of(keys: SiteKeys, fields: Fields) -> str:
    """Return the listing of its page in which a comment stands, or would."""
    root = fields.get(b"root", b"").decode()
    return keys.thread(root) if root else keys.roots(fields.get(b"page_key", b"").decode())


def _queue_places(
    keys: SiteKeys, fields: Fields, facets: bytes, at: int
) -> Iterator[tuple[str, float]]:
    (row,) = table_of(facets)
    second = min(max(at // 1000, 0), SECONDS - 1)
    scores = dict(zip(Attribute, row["scores"].tolist(), strict=True))
    lang = row["lang"].decode("ascii", "replace")

    def rank(value: int, most: int) -> float:
        return float((most - min(value, most)) * SECONDS + second)

    yield keys.severity, rank(max(scores.values()), WHOLE)
    yield keys.reach, rank(int(row["reach"]), MOST_REACH)
    for attribute, score in scores.items():
        if score:
            yield keys.scored(attribute), rank(score, WHOLE)
    if row["flags"] & HAS_LINK:
        yield keys.with_link, at
    yield keys.in_language(lang if lang in LANGUAGES else OTHER), at
    yield keys.held_on(fields.get(b"page_key", b"").decode()), at
    if fields.get(b"author"):
        yield keys.held_by(fields[b"author"].decode()), at


def _marks(
    keys: SiteKeys, fields: Fields, status: str, at: float
) -> tuple[dict[str, float], dict[str, float | None]]:
    """Return the marks of what no check could judge or a moderator had, that must and may stand.

    A verdict says so of a comment that nothing has moved since; of others, only the marks do.
    """
    verdict = _verdict(fields)
    is_held = status == Status.HELD
    may: dict[str, float | None] = {} if b"withdrawn" in fields else {keys.unscreened: at}
    if is_held:
        may[keys.dead] = may[keys.handled] = None
    is_moved = b"decision" in fields or b"held_by_reports" in fields
    if verdict is None or not verdict.unscreened or is_moved or verdict.rule == CAMPAIGN_RULE:
        return {}, may
    must = {keys.unscreened: at}
    if is_held and verdict.unscreened == ("worker",):
        must[keys.dead] = float(fields.get(b"settled_at", b"0"))
    return must, may


def _verdict(fields: Fields) -> Verdict | None:
    try:
        return verdict_from(fields[b"verdict"])
    except (KeyError, ValueError, TypeError):
        return None


def _open_appeal(raw: bytes) -> float | None:
    try:
        appeal = orjson.loads(raw)
        return float(appeal["at"]) if appeal["outcome"] == "" else None
    except (KeyError, ValueError, TypeError):
        return None


def _with_reach(made: bytes, kept: bytes | None) -> bytes:
    """Return facets with the reach of the time they were kept."""
    if kept is None or len(kept) != SIZE:
        return made
    return made[: REACH.start] + kept[REACH] + made[REACH.stop :]
