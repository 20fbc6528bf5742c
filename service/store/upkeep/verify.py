"""Compare a site's indexes and counters with its comments, while it works, and mend them.

Everything is read in runs, by SCAN, HSCAN and ZSCAN; what looks wrong is examined at one moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from service.store.keys import STATUS_ORDER
from service.store.scripts import Argument, script
from service.store.server.connection import Client
from service.store.upkeep.examine import (
    RUN,
    SCANNED,
    Look,
    Report,
    Told,
    authorship,
    comment_ids,
    in_runs,
    is_broken,
    number,
    scanned,
)
from service.store.upkeep.owed import Fields, Owed
from service.store.upkeep.sightings import Sightings
from service.store.upkeep.verify_authors import AuthorRecords
from service.store.upkeep.verify_threads import ThreadCounts

Row = tuple[str, Fields, bytes | None]


def _silent(what: str, done: int) -> None:
    """Hear how far it is, and say nothing."""


class Verifier:
    """Walk over a site; with ``mends`` what is wrong is put right.

    With ``is_whole`` every comment is put where it belongs, looked wrong or not.
    """

    def __init__(self, client: Client, *, mends: bool = False, is_whole: bool = False) -> None:
        self._client = client
        self._mends = mends or is_whole
        self._is_whole = is_whole
        self._statuses = script("upkeep/recount_statuses")
        self._enqueue = script("upkeep/enqueue")

    def verify(self, site: str, told: Told = _silent) -> Report:
        """Compare everything; ``told`` hears what is being compared, and how far it is."""
        look = Look(self._client, site, mends=self._mends)
        sightings = Sightings()
        try:
            authors = AuthorRecords(look, sightings, self._client)
            for ids in comment_ids(look):
                self._comments(look, sightings, ids)
                told("comments", look.report.comments)
            for number, (key, ids) in enumerate(self._members(look)):
                self._stray(look, key, ids)
                told("indexes", number)
            self._inbox(look, sightings)
            ThreadCounts(look).compare(told)
            self._count_statuses(look)
            authors.compare(told)
        finally:
            sightings.close()
        return look.report

    def _comments(self, look: Look, sightings: Sightings, ids: Sequence[str]) -> None:
        rows = [row for row in look.read(ids) if row[1]]
        look.report.comments += len(rows)
        dues = [look.owed(*row) for row in rows]
        look.report.unreadable += sum(not due.places and is_broken(row[1])
                                      for due, row in zip(dues, rows, strict=True))  # fmt: skip
        waiting = [
            (each, number(fields, b"revision"))
            for each, fields, _ in rows
            if fields.get(b"status") == b"received"
        ]
        sightings.see_waiting(waiting)
        sightings.see_written(authorship(rows))
        if self._is_whole:
            self._put_all(look, rows, dues)
            return
        pipe = look.node.pipeline(transaction=False)
        for (comment_id, fields, _), due in zip(rows, dues, strict=True):
            pipe.hexists(look.keys.page(fields.get(b"page_key", b"").decode()), "url")
            for key in due.places:
                pipe.zscore(key, comment_id)
        scores = iter(pipe.execute())
        for (comment_id, _, kept), due in zip(rows, dues, strict=True):
            has_page = next(scores)
            found = [next(scores) for _ in due.places]
            if kept != due.facets or not has_page or found != list(due.places.values()):
                look.at(comment_id)

    def _put_all(self, look: Look, rows: Sequence[Row], dues: Sequence[Owed]) -> None:
        """Put comments where they belong, looked wrong or not; what moved is looked at again."""
        for (comment_id, fields, _), due in zip(rows, dues, strict=True):
            if not look.mend(comment_id, fields, due):
                look.at(comment_id)

    def _members(self, look: Look) -> Iterator[tuple[str, list[str]]]:
        """Yield every index of the site, with its members in runs."""
        keys = look.keys
        fixed = [*map(keys.status, STATUS_ORDER), keys.unscreened, keys.dead, keys.handled,
                 keys.appeals]  # fmt: skip
        patterns = (keys.scored("x").replace("attribute:x", "*"), keys.page("*:roots"),
                    keys.thread("*"))  # fmt: skip
        found = (name for pattern in patterns for names in scanned(look.node, pattern)
                 for name in names)  # fmt: skip
        for key in (*fixed, *found):
            for run in in_runs(look.node.zscan_iter(key, count=RUN)):
                yield key, [member.decode("utf-8", "replace") for member, _ in run]
        for key in (keys.facets, keys.dead_reasons):
            for run in in_runs(look.node.hscan_iter(key, count=RUN)):
                yield key, [name.decode("utf-8", "replace") for name, _ in run]

    def _stray(self, look: Look, key: str, ids: Sequence[str]) -> None:
        """Look at those members of an index that do not belong there."""
        keys = look.keys
        for comment_id, fields, kept in look.read(ids):
            due = look.owed(comment_id, fields, kept)
            if key == keys.facets:
                is_right = due.facets is not None
            elif key == keys.dead_reasons:
                is_right = keys.dead in due.places or keys.dead in due.optional
            else:
                is_right = key in due.places or key in due.optional
            if not is_right:
                look.at(comment_id, "" if key in (keys.facets, keys.dead_reasons) else key)
        if key == keys.dead_reasons:
            self._reasons(look, ids)

    def _reasons(self, look: Look, ids: Sequence[str]) -> None:
        """Find reasons of dead letters that are none."""
        pipe = look.node.pipeline(transaction=True)
        for comment_id in ids:
            pipe.zscore(look.keys.dead, comment_id)
            pipe.hexists(look.keys.dead_reasons, comment_id)
        found = pipe.execute()
        for comment_id, score, has_reason in zip(ids, found[::2], found[1::2], strict=True):
            if score is None and has_reason:
                [row] = look.read([comment_id])
                is_mended = look.mends and look.mend(row[0], row[1], look.owed(*row))
                look.report.add("dead:why stray", comment_id)
                look.report.mended += bool(is_mended)

    def _inbox(self, look: Look, sightings: Sightings) -> None:
        """Find comments that wait for the checks and that no worker would ever meet."""
        keys, last = look.keys, "-"
        while True:
            rows: Any = look.node.xrange(keys.inbox, last, "+", SCANNED)
            sightings.see_entries(
                (fields[b"id"].decode(), int(fields[b"revision"])) for _, fields in rows
            )
            if len(rows) < SCANNED:
                break
            last = f"({rows[-1][0].decode()}"
        for comment_id, revision in sightings.without_entry():
            arguments: list[Argument] = [comment_id, revision, int(self._mends)]
            if self._enqueue(look.node, [keys.comment(comment_id), keys.inbox], arguments):
                look.report.add("inbox missing", comment_id)
                look.report.mended += self._mends

    def _count_statuses(self, look: Look) -> None:
        names = [look.keys.counters, *map(look.keys.status, STATUS_ORDER)]
        wrong: Any = self._statuses(look.node, names, [int(self._mends), *STATUS_ORDER])
        for name in wrong:
            look.report.add("counters wrong", f"status.{name.decode()}")
            look.report.mended += self._mends
