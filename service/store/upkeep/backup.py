"""A copy of everything that lasts, key by key, and back again: proven equal by a digest.

What has an end of its own is left out: sessions, bells, rate limits, idempotency keys, claims,
links. A comment is read at one moment with all that is kept beside it. Long listings are read
in steps; where comments move meanwhile, what a restore makes of the listings is put right from
the comments afterwards (verify.py). Works over any server and cluster, into any other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from redis import Redis

from service.store import keys as names_of
from service.store.inbox_group import GROUP
from service.store.server.connection import Client, node_of, nodes_of
from service.store.upkeep.examine import in_runs, scanned
from service.store.upkeep.sealed_file import FileBroken
from service.store.upkeep.sightings import Seen

EVERYTHING = "ecluse:*"
AT_ONCE = 500
TOGETHER = 50
"""Comments read in one transaction, about a millisecond of the server's."""
_LEFT_OUT = {names_of.LINKS}
"""Beside what has an end: the list of the links, which have one."""
_SCORE = re.compile(rb"-?(inf|[0-9]{1,20}(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?)")
_ENTRY_ID = re.compile(rb"[0-9]{1,20}-[0-9]{1,20}")
Record = list[bytes]
Told = Callable[[str, int], None]


class NotEmpty(Exception):
    """Say that there is something already where a backup is to be restored."""


class NotEqual(Exception):
    """Say that what was restored is not what was saved."""


@dataclass
class Digest:
    """Sum up what was read, whatever its order: so many things, and the sum of their hashes."""

    count: int = 0
    total: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Take a record in, each member of a listing for itself."""
        kind, key, *parts = record
        self.kinds[kind.decode()] = self.kinds.get(kind.decode(), 0) + 1
        step = _WIDTHS.get(kind, 0)
        pieces = [parts[at : at + step] for at in range(0, len(parts), step)] if step else [parts]
        for piece in pieces:
            digest = hashlib.sha256()
            for part in (kind, key, *piece):
                digest.update(len(part).to_bytes(4, "big"))
                digest.update(part)
            self.total = (self.total + int.from_bytes(digest.digest(), "big")) % 2**256
            self.count += 1

    @property
    def text(self) -> str:
        """Return the digest in hex."""
        return f"{self.total:064x}"


STRING, HASH, SET, LIST, ZSET, STREAM = (
    b"string", b"hash", b"set", b"list", b"zset", b"stream",
)  # fmt: skip
_WIDTHS = {ZSET: 2, SET: 1}
"""How many parts each member has, of the kinds whose records may be cut anywhere."""


def records(client: Client, told: Told) -> Iterator[Record]:
    """Yield everything as records: kind, key, then what it holds in a fixed order."""
    seen, done = Seen(), 0
    try:
        for node in nodes_of(client):
            for names in scanned(node, EVERYTHING):
                for some in in_runs(each for each in seen.fresh(names) if each not in _LEFT_OUT):
                    for record in _of_keys(node, some):
                        yield record
                        done += 1
                    told("records", done)
    finally:
        seen.close()


def checked(saved: Iterable[Record]) -> Iterator[Record]:
    """Yield records that a server can be given; raise ``FileBroken`` at one that is none of ours.

    A file that is not sealed proves that it is whole, not who wrote it.
    """
    for record in saved:
        if len(record) < 2 or not record[1].startswith(b"ecluse:") or not _is_sound(record):
            raise FileBroken("it holds what Écluse did not write")
        yield record


def _is_sound(record: Record) -> bool:
    kind, _, *parts = record
    if kind == ZSET:
        return bool(parts) and not len(parts) % 2 and all(map(_SCORE.fullmatch, parts[1::2]))
    if kind == STREAM:
        is_entry = len(parts) % 2 == 1 and len(parts) > 1
        return not parts or (is_entry and _ENTRY_ID.fullmatch(parts[0]) is not None)
    if kind == HASH:
        return bool(parts) and not len(parts) % 2
    return len(parts) == 1 if kind == STRING else bool(parts) and kind in (SET, LIST)


def digest_of(client: Client, told: Told) -> Digest:
    """Return the digest of everything on a server."""
    digest = Digest()
    for record in records(client, told):
        digest.add(record)
    return digest


def is_empty(client: Client) -> bool:
    """Say whether there is nothing that lasts on a server."""
    return not any(True for _ in records(client, _silent))


def clear(client: Client) -> None:
    """Take everything of ours off a server."""
    for node in nodes_of(client):
        for names in scanned(node, EVERYTHING):
            pipe = node.pipeline(transaction=False)
            for name in names:
                pipe.unlink(name)
            pipe.execute()


def restore(client: Client, saved: Iterable[Record], told: Told) -> Digest:
    """Write records to a server that has none, and prove by a digest that it has them then.

    Sites, inboxes and accounts come last, once the rest has been compared: what runs on the
    server meanwhile finds nothing to do. Raises ``NotEqual``.
    """
    doors: list[Record] = []
    expected, done = Digest(), 0
    for some in in_runs(saved):
        pipe = client.pipeline(transaction=False)
        for record in some:
            if _is_door(record):
                doors.append(record)
            else:
                expected.add(record)
                _write(pipe, record)
        pipe.execute()
        done += len(some)
        told("records", done)
    _compare(expected, digest_of(client, told))
    for some in in_runs(doors):
        pipe = client.pipeline(transaction=False)
        for record in some:
            _write(pipe, record)
        pipe.execute()
    opened = Digest()
    for record in doors:
        expected.add(record)
        opened.add(record)
    _compare(opened, _doors_of(client, doors))
    return expected


def _compare(expected: Digest, found: Digest) -> None:
    if expected.text == found.text:
        return
    odd = [f"{kind} {expected.kinds.get(kind, 0)} saved, {found.kinds.get(kind, 0)} found"
           for kind in sorted(expected.kinds | found.kinds)
           if expected.kinds.get(kind) != found.kinds.get(kind)]  # fmt: skip
    raise NotEqual("; ".join(odd) or "the same number of records, but others")


def _doors_of(client: Client, doors: Sequence[Record]) -> Digest:
    """Return the digest of those keys alone."""
    digest = Digest()
    for name in dict.fromkeys(record[1].decode() for record in doors):
        for record in _of_keys(node_of(client, name), [name]):
            digest.add(record)
    return digest


def _silent(what: str, done: int) -> None:
    """Hear how far it is, and say nothing."""


def _is_door(record: Record) -> bool:
    """Say whether a record is what lets somebody begin: a site's settings, an inbox, the lists."""
    key = record[1].decode("utf-8", "replace")
    return key.endswith(("}:site", "}:inbox")) or key in (
        names_of.SITES, names_of.USERS, names_of.ADMINISTRATORS,
    )  # fmt: skip


def _of_keys(node: Redis, names: Sequence[str]) -> Iterator[Record]:
    """Yield some keys, a comment's own at one moment with those beside it."""
    comments = [name for name in names if _comment_of(name) == name]
    others = [name for name in names if _comment_of(name) == ""]
    for _, own in groupby(sorted(comments), key=lambda name: name.partition("}")[0]):
        for some in in_runs(own, TOGETHER):
            yield from _of_comments(node, some)
    pipe = node.pipeline(transaction=False)
    for name in others:
        pipe.type(name)
        pipe.pttl(name)
    found = pipe.execute()
    for name, kind, life in zip(others, found[::2], found[1::2], strict=True):
        if life == -1:
            yield from _READERS[kind](node, name)


def _comment_of(name: str) -> str:
    """Return the key of the comment that a key belongs to; "" where it belongs to none."""
    tag, found, rest = name.partition("}:comment:")
    if found:
        return f"{tag}{found}{rest.partition(':')[0]}"
    tag, found, rest = name.partition("}:report-notes:")
    return f"{tag}}}:comment:{rest}" if found else ""


def _of_comments(node: Redis, names: Sequence[str]) -> Iterator[Record]:
    """Yield comments of one site and what is kept beside each, all of one moment."""
    pipe = node.pipeline(transaction=True)
    beside: list[list[str]] = []
    for name in names:
        tag, _, comment_id = name.partition("}:comment:")
        lists = [f"{name}:{each}" for each in ("trail", "past", "notes")]
        hashes = [f"{name}:reasons", f"{tag}}}:report-notes:{comment_id}"]
        beside.append([*lists, *hashes])
        pipe.hgetall(name)
        for each in lists:
            pipe.lrange(each, 0, -1)
        for each in hashes:
            pipe.hgetall(each)
    found = iter(pipe.execute())
    for name, (*lists, reasons, reports) in zip(names, beside, strict=True):
        fields, rows = next(found), [next(found) for _ in lists]
        said, notes = next(found), next(found)
        if not fields:
            continue
        yield [HASH, name.encode(), *_sorted(fields)]
        for each, row in zip(lists, rows, strict=True):
            if row:
                yield [LIST, each.encode(), *row]
        if said:
            yield [HASH, reasons.encode(), *_sorted(said)]
        if notes:
            yield [HASH, reports.encode(), *_sorted(notes)]


def _sorted(fields: dict[bytes, bytes]) -> list[bytes]:
    return [part for pair in sorted(fields.items()) for part in pair]


def _of_string(node: Redis, name: str) -> Iterator[Record]:
    value: Any = node.get(name)
    if value is not None:
        yield [STRING, name.encode(), value]


def _of_hash(node: Redis, name: str) -> Iterator[Record]:
    """Yield a hash: a short one whole, a long one field by field."""
    size: Any = node.hlen(name)
    if size <= AT_ONCE:
        fields: Any = node.hgetall(name)
        for pair in sorted(fields.items()):
            yield [HASH, name.encode(), *pair]
        return
    seen = Seen()
    try:
        for some in in_runs(node.hscan_iter(name, count=AT_ONCE)):
            fresh = set(seen.fresh([field.hex() for field, _ in some]))
            for each, value in some:
                if each.hex() in fresh:
                    yield [HASH, name.encode(), each, value]
    finally:
        seen.close()


def _of_set(node: Redis, name: str) -> Iterator[Record]:
    seen = Seen()
    try:
        for some in in_runs(node.sscan_iter(name, count=AT_ONCE)):
            fresh = seen.fresh([member.hex() for member in some])
            if fresh:
                yield [SET, name.encode(), *map(bytes.fromhex, fresh)]
    finally:
        seen.close()


def _of_list(node: Redis, name: str) -> Iterator[Record]:
    items: Any = node.lrange(name, 0, -1)
    if items:
        yield [LIST, name.encode(), *items]


def _of_zset(node: Redis, name: str) -> Iterator[Record]:
    """Yield a sorted set in its order; what comes in before is left for the next time."""
    start, last = 0, (float("-inf"), b"")
    while True:
        found: Any = node.zrange(name, start, start + AT_ONCE - 1, withscores=True)
        rows = [(score, member) for member, score in found if (score, member) > last]
        if rows:
            last = rows[-1]
            pairs = ((member, repr(score).encode()) for score, member in rows)
            yield [ZSET, name.encode(), *(part for pair in pairs for part in pair)]
        if len(found) < AT_ONCE:
            return
        start += AT_ONCE


def _of_stream(node: Redis, name: str) -> Iterator[Record]:
    oldest, is_first = "-", True
    while True:
        rows: Any = node.xrange(name, oldest, "+", AT_ONCE)
        if is_first and not rows and name.endswith("}:inbox"):
            yield [STREAM, name.encode()]
        is_first = False
        for entry_id, fields in rows:
            yield [STREAM, name.encode(), entry_id, *(x for pair in fields.items() for x in pair)]
        if len(rows) < AT_ONCE:
            return
        oldest = f"({rows[-1][0].decode()}"


_READERS: dict[bytes, Callable[[Redis, str], Iterator[Record]]] = {
    STRING: _of_string, HASH: _of_hash, SET: _of_set, LIST: _of_list, ZSET: _of_zset,
    STREAM: _of_stream, b"none": lambda _node, _name: iter(()),
}  # fmt: skip


def _write(pipe: Any, record: Record) -> None:
    kind, key, *parts = record
    if kind == STRING:
        pipe.set(key, parts[0])
    elif kind == HASH:
        pipe.hset(key, items=parts)
    elif kind == SET:
        pipe.sadd(key, *parts)
    elif kind == LIST:
        pipe.rpush(key, *parts)
    elif kind == ZSET:
        pipe.zadd(key, dict(zip(parts[::2], map(float, parts[1::2]), strict=True)))
    elif kind == STREAM and parts:
        pipe.execute_command("XADD", key, *parts)
    elif kind == STREAM:
        pipe.xgroup_create(key, GROUP, id="0", mkstream=True)
    else:
        raise ValueError(f"a record of no kind: {kind!r}")
