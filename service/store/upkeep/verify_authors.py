"""Compare the authors' records with their comments, of which there is no index.

A record is wrong only where a whole walk finds it so, where a second walk meets the same
comments at the same versions with the record read in between, and where neither has changed
when the script looks: then nothing that came meanwhile can have counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from service.store.audit import AuditFilters, AuditLog
from service.store.keys import SiteKeys
from service.store.scripts import Argument, script
from service.store.server.connection import Client
from service.store.sites import NOTHING_FORGOTTEN, Sites, SiteUnknown
from service.store.upkeep.examine import RUN, Look, Told, authorship, comment_ids, scanned
from service.store.upkeep.sightings import Sightings

WALKS = 3
MOST_COMMENTS = 20_000
"""Comments of one author that one script looks at, some 20 ms."""


class AuthorRecords:
    """Compare them; where a site forgets by its retention they may say more than is left."""

    def __init__(self, look: Look, sightings: Sightings, client: Client) -> None:
        self._look = look
        self._sightings = sightings
        self._forgets = _forgets(client, look.keys.site)
        self._recount = script("upkeep/recount_author")

    def compare(self, told: Told) -> None:
        """Compare what the walk has seen with the records, and look again at what differs."""
        self._suspect_all()
        for _ in range(WALKS):
            suspects = list(self._sightings.suspects())
            if not suspects:
                return
            for number, ids in enumerate(comment_ids(self._look)):
                rows = authorship(self._look.read(ids))
                self._sightings.see_written(
                    (row for row in rows if self._sightings.has_suspect(row[0])), is_again=True
                )
                told("authors", number)
            moved = [row[0] for row in suspects if not self._settled(*row)]
            self._sightings.walk_again()
            self._suspect(moved)
        self._look.report.moving += len(list(self._sightings.suspects()))

    def _suspect_all(self) -> None:
        """Note whose record differs from what was counted: of those met, and of those recorded."""
        after = ""
        while names := self._sightings.authors(after, RUN):
            self._suspect(names)
            after = names[-1]
        start = self._look.keys.author("")
        for found in scanned(self._look.node, self._look.keys.author("*")):
            self._suspect([name.removeprefix(start) for name in found])

    def _suspect(self, authors: Sequence[str]) -> None:
        pipe = self._look.node.pipeline(transaction=False)
        for author in authors:
            pipe.hmget(self._look.keys.author(author), "approved", "refused")
        counted = self._sightings.counted(authors)
        said = zip(authors, pipe.execute(), strict=True)
        rows = [(author, int(a or 0), int(r or 0)) for author, (a, r) in said]
        self._sightings.suspect(
            row for row in rows if self._right(row[1:], counted[row[0]]) != row[1:]
        )

    def _right(self, said: tuple[int, ...], counted: tuple[int, int]) -> tuple[int, ...]:
        if not self._forgets:
            return counted
        return tuple(max(pair) for pair in zip(said, counted, strict=True))

    def _settled(self, author: str, approved: int, refused: int) -> bool:
        """Report a record that is wrong, and put it right; False if it may have moved."""
        look = self._look
        if not self._sightings.is_same_again(author):
            return False
        right = self._right((approved, refused), self._sightings.counted([author])[author])
        if right == (approved, refused):
            return True
        written = self._sightings.written_by(author)
        is_writing = look.mends and len(written) <= MOST_COMMENTS
        names = [look.keys.author(author), *(look.keys.comment(row[0]) for row in written)]
        arguments: list[Argument] = [approved, refused, *right, int(is_writing)]
        arguments += [row[1] for row in written]
        if len(written) <= MOST_COMMENTS and not self._recount(look.node, names, arguments):
            return False
        look.report.add("author wrong", author)
        look.report.mended += is_writing
        return True


def _forgets(client: Client, site: str) -> bool:
    """Say whether a site forgets, or has ever forgotten, comments by its retention."""
    try:
        retention = Sites(client).get(SiteKeys(site).site).site.retention
    except SiteUnknown:
        return True
    if retention != NOTHING_FORGOTTEN:
        return True
    return any(True for _ in AuditLog(client).every(site, AuditFilters(kind="retention"), 1))
