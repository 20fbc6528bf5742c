"""What an average approved comment takes of the server's memory. ``python -m bench.memory``.

A worker judges ordinary comments, each by another author; what the server's memory grows by is
shared among them once windows and live streams are full. Then the store is asked where the bytes
are.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import points, report
from bench.children import valkey
from bench.latency import wait_until_settled
from bench.moderate import arrival_of
from bench.report import Limit, Spread
from bench.site import SITE, open_site, store_of
from bench.texts import Written, written
from bench.worker import waiting_worker
from config.settings import Settings
from service.store.doorbell import Doorbell
from service.store.keys import SiteKeys
from service.store.store import Store
from workers.queue import queue_connection

MOST_BYTES = 1_536.0
ASKED = 300
NOT_KEPT = ("mem_clients_normal", "mem_aof_buffer", "mem_replication_backlog")


@dataclass(frozen=True)
class Plan:
    """Say how many comments fill what has a bound, and how many are counted, in parts."""

    before: int = 1_500
    counted: int = 3_000
    parts: int = 3


@dataclass(frozen=True, slots=True)
class Found:
    """Hold the bytes a comment takes, part by part, and where they are.

    ``statuses`` says what became of the counted ones; ``places`` where an approved one's bytes
    lie; ``fields`` how many bytes each field of its hash holds; ``words`` what its author wrote.
    """

    each: tuple[float, ...]
    statuses: Mapping[str, int]
    places: Mapping[str, float]
    fields: Mapping[str, float]
    words: float
    encodings: Mapping[str, int]


def run(plan: Plan) -> Found:
    """Measure."""
    ordinary = [each for each in written(3 * (plan.before + plan.counted), 5) if
                each.kind == "plain"][: plan.before + plan.counted]  # fmt: skip
    size = plan.counted // plan.parts
    with (
        tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name,
        valkey(Path(name) / "store") as (settings, _),
    ):
        store = store_of(settings)
        open_site(store)
        with waiting_worker("ecluse", settings, for_ever=True) as worker:
            worker.begin()
            _judge(store, settings, ordinary[: plan.before], 0)
            used = [_used(store)]
            for start in range(plan.before, plan.before + size * plan.parts, size):
                _judge(store, settings, ordinary[start : start + size], start)
                used.append(_used(store))
        each = tuple((after - before) / size for before, after in pairwise(used))
        ids = [f"{number:026d}" for number in range(plan.before, plan.before + size * plan.parts)]
        found = _looked_at(store, ids, each)
        store.client.close()
        return found


def text_of(found: Found) -> str:
    """Return the whole report."""
    places = [(where, report.number(count)) for where, count in found.places.items()]
    fields = [(name, report.number(count)) for name, count in found.fields.items()]
    told = ", ".join(f"{count} {status}" for status, count in found.statuses.items())
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.encodings.items())
    return "\n\n".join(
        (
            f"{sum(found.statuses.values()):,} ordinary comments in {len(found.each)} parts, each "
            f"by another author: {told}. Their authors wrote {found.words:.0f} bytes on average.",
            report.limits_table(
                [Limit("memory for each comment", "bytes", MOST_BYTES, Spread.of(found.each))]
            ),
            report.table(("where an approved one's bytes are", "bytes"), places),
            report.table(("in its hash, names and values", "bytes"), fields),
            f"Hashes as the server keeps them: {kinds}.",
            report.machine(),
        )
    )


def _judge(store: Store, settings: Settings, comments: Sequence[Written], first: int) -> None:
    before = store.decisions.counts(SITE).get("settled", 0)
    doorbell = Doorbell(queue_connection(settings))
    for number, comment in enumerate(comments, first):
        if store.comments.accept(arrival_of(store, number, comment)).must_ring:
            doorbell.ring(SITE)
    wait_until_settled(store, before + len(comments))


def _used(store: Store) -> int:
    info: Any = store.client.info("memory")
    return int(info["used_memory"]) - sum(int(info.get(name, 0)) for name in NOT_KEPT)


def _looked_at(store: Store, ids: Sequence[str], each: tuple[float, ...]) -> Found:
    keys, client = SiteKeys(SITE), store.client
    records = store.comments.get_many(SITE, ids)
    approved = [record for record in records if record.status == "approved"][:ASKED]
    names = [keys.comment(record.comment.id) for record in approved]
    authors = [keys.author(record.author_key) for record in approved]
    pages = {keys.roots(record.page_key) for record in approved}
    places = {
        "its hash": statistics.mean(_bytes_of(client, name) for name in names),
        "its author's hash": statistics.mean(_bytes_of(client, name) for name in authors),
        "what the queue filters by": _share(client, keys.facets, client.hlen(keys.facets)),
        "its place among the approved": _share(
            client, keys.status("approved"), client.zcard(keys.status("approved"))
        ),
        "its place in the thread": statistics.mean(
            _share(client, page, client.zcard(page)) for page in pages
        ),
    }
    fields: Counter[str] = Counter()
    for name in names:
        stored: Any = client.hgetall(name)
        for field, value in stored.items():
            fields[field.decode()] += len(field) + len(value)
    encodings = Counter(_encoding(client, name) for name in names)
    return Found(
        each=each,
        statuses=dict(Counter(record.status.value for record in records).most_common()),
        places=places,
        fields={name: total / len(names) for name, total in fields.most_common()},
        words=statistics.mean(len(record.comment.content.encode()) for record in approved),
        encodings=dict(encodings),
    )


def _bytes_of(client: Any, key: str) -> int:
    return int(client.memory_usage(key, samples=0) or 0)


def _share(client: Any, key: str, members: Any) -> float:
    return _bytes_of(client, key) / max(int(members), 1)


def _encoding(client: Any, key: str) -> str:
    found: bytes = client.object("ENCODING", key)
    return found.decode()


def main() -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="Memory for an approved comment.")
    report.add_options(parser)
    parser.add_argument("--comments", type=int, default=Plan.counted)
    options = parser.parse_args()
    found = run(Plan(counted=options.comments))
    report.keep("memory", text_of(found), options)
    panel = points.Panel(
        "Bytes of an approved comment",
        points.BARS,
        tuple(points.Series(where, (count,)) for where, count in found.places.items()),
    )
    points.keep(options.points, "memory", panel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
