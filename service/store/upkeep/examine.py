"""Look at single comments of a site, while it works: do its indexes say what they say?

What looks wrong is looked at again at one moment, in a transaction; it is mended by a script
that changes nothing once a comment is no longer as it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from redis import Redis

from service.moderation.signal import Attribute
from service.store.comments import comment_keys, transition_keys
from service.store.facets import LANGUAGES
from service.store.keys import STATUS_ORDER, SiteKeys
from service.store.scripts import Argument, script
from service.store.server.connection import Client, node_of
from service.store.upkeep.owed import FENCE, Fields, Owed, owed

RUN = 200
"""Comments read together."""
SCANNED = 1_000
TRIES = 5
"""How often a comment that moves while it is looked at is looked at again."""
EXAMPLES = 5
Told = Callable[[str, int], None]


@dataclass
class Finding:
    """Count differences of one kind, and name some of what they are about."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Report:
    """Hold what was compared and what was found; ``moving`` would not hold still to be seen."""

    site: str
    comments: int = 0
    unreadable: int = 0
    moving: int = 0
    mended: int = 0
    findings: dict[str, Finding] = field(default_factory=dict)

    @property
    def differences(self) -> int:
        """Return how many differences were found."""
        return sum(each.count for each in self.findings.values())

    @property
    def left(self) -> int:
        """Return how many are still there."""
        return self.differences - self.mended

    def add(self, kind: str, example: str) -> None:
        """Count a difference."""
        found = self.findings.setdefault(kind, Finding())
        found.count += 1
        if len(found.examples) < EXAMPLES:
            found.examples.append(example)


class Look:
    """Look at single comments of a site, and mend what is wrong with them."""

    def __init__(self, client: Client, site: str, *, mends: bool) -> None:
        self.keys = SiteKeys(site)
        self.node: Redis = node_of(client, self.keys.record)
        self.mends = mends
        self.report = Report(site)
        self._mend = script("transition", "upkeep/mend")
        keys = self.keys
        self._always = [
            *map(keys.status, STATUS_ORDER), keys.unscreened, keys.dead, keys.handled,
            keys.reported, keys.appeals, keys.severity, keys.reach, keys.with_link,
            *map(keys.scored, Attribute), *map(keys.in_language, LANGUAGES),
        ]  # fmt: skip

    def read(self, ids: Sequence[str]) -> list[tuple[str, dict[bytes, bytes], bytes | None]]:
        """Return comments with the facets kept of them."""
        pipe = self.node.pipeline(transaction=False)
        for comment_id in ids:
            pipe.hgetall(self.keys.comment(comment_id))
            pipe.hget(self.keys.facets, comment_id)
        found = pipe.execute()
        return list(zip(ids, found[::2], found[1::2], strict=True))

    def owed(self, comment_id: str, fields: Fields, kept: bytes | None) -> Owed:
        """Return where a comment must stand."""
        return owed(self.keys, comment_id, fields, kept)

    def at(self, comment_id: str, suspected: str = "") -> None:
        """Look at one comment at one moment, and at ``suspected``, another index it stands in."""
        for _ in range(TRIES):
            [(_, fields, kept)] = self.read([comment_id])
            due = self.owed(comment_id, fields, kept)
            seen = self._at_once(comment_id, due, fields, kept, suspected)
            if seen is None:
                continue
            found = list(seen)
            if not found:
                return
            if not self.mends or self.mend(comment_id, fields, due, suspected):
                for kind in found:
                    self.report.add(kind, comment_id)
                self.report.mended += len(found) if self.mends else 0
                return
        self.report.moving += 1

    def mend(self, comment_id: str, fields: Fields, due: Owed, suspected: str = "") -> bool:
        """Put a comment where it belongs; False if it is no longer as it was read."""
        names, arguments = self.mending(comment_id, fields, due, suspected)
        return bool(self._mend(self.node, names, arguments))

    def mending(
        self, comment_id: str, fields: Fields, due: Owed, suspected: str = ""
    ) -> tuple[list[str], list[Argument]]:
        """Return the keys and arguments of mend.lua for a comment."""
        keys = self.keys
        place = {name: fields.get(name.encode(), b"").decode() for name in
                 ("parent", "page_key", "root", "author")}  # fmt: skip
        names = transition_keys(keys.site, [])
        names += comment_keys(keys, comment_id, *place.values())
        if suspected and suspected not in due.places and suspected not in due.optional:
            names.append(suspected)
        arguments: list[Argument] = [
            comment_id, due.facets or b"", _page_of(fields), len(FENCE)
        ]  # fmt: skip
        for name in FENCE:
            value = fields.get(name.encode())
            arguments += [name, b"" if value is None else b"=" + value]
        for key in (keys.reported, keys.appeals, keys.unscreened, keys.dead, keys.handled):
            arguments.append(_score(due, key))
        return names, arguments

    def _at_once(
        self, comment_id: str, due: Owed, fields: Fields, kept: bytes | None, suspected: str
    ) -> Iterator[str] | None:
        """Return what is wrong with a comment at one moment; None if it is another by then."""
        named = [*self._always, *due.places, *([suspected] if suspected else [])]
        names = list(dict.fromkeys(named))
        page = self.keys.page(fields.get(b"page_key", b"").decode())
        pipe = self.node.pipeline(transaction=True)
        pipe.hgetall(self.keys.comment(comment_id))
        pipe.hget(self.keys.facets, comment_id)
        pipe.hexists(page, "url")
        for name in names:
            pipe.zscore(name, comment_id)
        again, facets, has_url, *scores = pipe.execute()
        if again != fields or facets != kept:
            return None
        stands = dict(zip(names, scores, strict=True))
        return self._differences(due, stands, kept, not has_url and bool(_page_of(fields)))

    def _differences(
        self, due: Owed, stands: Mapping[str, float | None], kept: bytes | None, is_homeless: bool
    ) -> Iterator[str]:
        if kept != due.facets:
            yield f"facets {'stray' if due.facets is None else 'wrong' if kept else 'missing'}"
        if is_homeless:
            yield "page missing"
        for key, score in stands.items():
            expected = due.places.get(key, due.optional.get(key))
            if score is None and key in due.places:
                yield f"{self.label(key)} missing"
            elif score is not None and key not in due.places and key not in due.optional:
                yield f"{self.label(key)} stray"
            elif score is not None and expected is not None and score != expected:
                yield f"{self.label(key)} misplaced"

    def label(self, key: str) -> str:
        """Return what an index is called, without the page or the author it is for."""
        name = key.removeprefix(self.keys.page("").removesuffix("page:"))
        parts = name.split(":")
        if parts[0] in ("page", "thread"):
            return "thread"
        return ":".join(parts[:2]) if parts[1:2] in (["page"], ["author"]) else name


def comment_ids(look: Look) -> Iterator[list[str]]:
    """Yield the ids of a site's comments, in runs; one that comes meanwhile may be missed."""
    start = look.keys.comment("")
    for names in scanned(look.node, look.keys.comment("*")):
        ids = [name.removeprefix(start) for name in names]
        yield from in_runs(each for each in ids if ":" not in each)


def authorship(rows: Sequence[tuple[str, Fields, bytes | None]]) -> list[tuple[str, str, int, str]]:
    """Return who wrote which comments, their versions and statuses."""
    return [
        (fields[b"author"].decode(), comment_id, number(fields, b"version"),
         fields.get(b"status", b"").decode())
        for comment_id, fields, _ in rows
        if fields.get(b"author")
    ]  # fmt: skip


def scanned(node: Redis, pattern: str) -> Iterator[list[str]]:
    """Yield the names of keys, in runs; some perhaps twice."""
    cursor: Any = 0
    while True:
        found: Any = node.scan(cursor, match=pattern, count=SCANNED)
        cursor, names = found
        if names:
            yield [name.decode("utf-8", "replace") for name in names]
        if not cursor:
            return


def in_runs(items: Iterable[Any], count: int = RUN) -> Iterator[list[Any]]:
    """Yield what there is, some at a time."""
    run: list[Any] = []
    for item in items:
        run.append(item)
        if len(run) == count:
            yield run
            run = []
    if run:
        yield run


def is_broken(fields: Fields) -> bool:
    """Say whether a stored comment lacks what places it."""
    return b"status" not in fields or b"submitted_at" not in fields


def number(fields: Fields, name: bytes) -> int:
    """Return a whole number among a comment's fields, 0 for none."""
    value = fields.get(name, b"")
    return int(value) if value.isdigit() else 0


def _page_of(fields: Fields) -> str:
    try:
        page = orjson.loads(fields[b"content"])["page"]
    except (KeyError, ValueError, TypeError):
        return ""
    return page if isinstance(page, str) else ""


def _score(due: Owed, key: str) -> str:
    """Return a comment's score in an index as mend.lua takes it."""
    if key in due.places:
        return f"{due.places[key]:.0f}"
    return "=" if key in due.optional else ""
