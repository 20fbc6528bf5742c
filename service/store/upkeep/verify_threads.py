"""Count what pages and comments say of what is published on them and below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.store.scripts import Argument, script
from service.store.upkeep.examine import SCANNED, TRIES, Look, Told, scanned

_WRITTEN_AT_ONCE = 200


@dataclass
class Below:
    """Hold what was met in a thread: who says how many replies there are, and how many are."""

    said: dict[str, int] = field(default_factory=dict)
    counted: Counter[str] = field(default_factory=Counter)
    approved: int = 0

    @property
    def wrong(self) -> dict[str, int]:
        """Return the comments that are wrong, with their replies as counted."""
        return {
            name: self.counted[name] for name, n in self.said.items() if n != self.counted[name]
        }


class ThreadCounts:
    """Compare them, each page while nothing is published there or taken off."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._recount = script("upkeep/recount_thread")

    def compare(self, told: Told) -> None:
        """Compare the replies of every thread, then the counts of every page."""
        keys, done = self._look.keys, 0
        for root in self._names(keys.thread("*"), keys.thread("")):
            self._thread(root)
            done += 1
            told("threads", done)
        for page_key in self._names(keys.page("*"), keys.page("")):
            self._page(page_key)
            done += 1
            told("pages", done)

    def _names(self, pattern: str, start: str) -> Iterator[str]:
        for names in scanned(self._look.node, pattern):
            for name in names:
                if ":" not in name.removeprefix(start):
                    yield name.removeprefix(start)

    def _thread(self, root: str) -> None:
        keys, node = self._look.keys, self._look.node
        place: Any = node.hget(keys.comment(root), "page_key")
        if place is None:
            return
        page = keys.page(place.decode())
        for _ in range(TRIES):
            version: Any = node.hget(page, "version")
            below = Below()
            for ids in self._listed(keys.thread(root)):
                self._meet(below, ids)
            self._meet(below, [root], is_root=True)
            if not below.wrong or self._settle(page, version, below.wrong, "", "replies wrong"):
                return
        self._look.report.moving += 1

    def _page(self, page_key: str) -> None:
        keys, node = self._look.keys, self._look.node
        page = keys.page(page_key)
        for _ in range(TRIES):
            said: Any = node.hmget(page, "version", "count")
            total, wrong = 0, dict[str, int]()
            for ids in self._listed(keys.roots(page_key)):
                below = Below()
                self._meet(below, ids)
                total += below.approved
                for root in ids:
                    replies = Below()
                    for some in self._listed(keys.thread(root)):
                        self._meet(replies, some)
                    below.counted[root] = replies.counted[root]
                    total += replies.approved
                wrong |= below.wrong
            count = "" if int(said[1] or 0) == total else str(total)
            if not wrong and not count:
                return
            if self._settle(page, said[0], wrong, count, "replies wrong", page_key):
                return
        self._look.report.moving += 1

    def _meet(self, below: Below, ids: Sequence[str], *, is_root: bool = False) -> None:
        pipe = self._look.node.pipeline(transaction=False)
        for comment_id in ids:
            pipe.hmget(self._look.keys.comment(comment_id), "status", "parent", "replies")
        for comment_id, (status, parent, replies) in zip(ids, pipe.execute(), strict=True):
            if status is None:
                continue
            below.said[comment_id] = int(replies or 0)
            if status == b"approved" and not is_root:
                below.approved += 1
                if parent:
                    below.counted[parent.decode()] += 1

    def _settle(
        self, page: str, version: bytes | None, wrong: Mapping[str, int], count: str,
        kind: str, page_key: str = "",
    ) -> bool:  # fmt: skip
        """Report what is wrong, and put it right; False if the page is another by now."""
        look, seen = self._look, version or b""
        runs = [list(wrong)[at : at + _WRITTEN_AT_ONCE]
                for at in range(0, len(wrong), _WRITTEN_AT_ONCE)]  # fmt: skip
        for ids in runs or [[]]:
            names = [page, *map(look.keys.comment, ids)]
            arguments: list[Argument] = [seen, "1" if look.mends else "", count]
            arguments += [wrong[comment_id] for comment_id in ids]
            if not self._recount(look.node, names, arguments):
                return False
            if look.mends:
                seen = str(int(seen or 0) + 1).encode()
            for comment_id in ids:
                look.report.add(kind, comment_id)
            if count:
                look.report.add("page count wrong", page_key)
            look.report.mended += (len(ids) + bool(count)) if look.mends else 0
            count = ""
        for comment_id in wrong:
            look.at(comment_id)
        return True

    def _listed(self, key: str) -> Iterator[list[str]]:
        start = 0
        while True:
            found: Any = self._look.node.zrange(key, start, start + SCANNED - 1)
            if not found:
                return
            yield [member.decode() for member in found]
            start += SCANNED
