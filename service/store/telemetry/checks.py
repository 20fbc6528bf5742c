"""The checks as operators see them: how long they take, how they fail, and whether they speak."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.store import keys
from service.store.server.connection import Client
from service.store.telemetry.buckets import percentile
from service.store.telemetry.slots import CHECKS_GRID
from service.store.telemetry.views import CheckTotals, CheckView

FAILING_MS = 300_000
"""A check that failed within five minutes is failing."""
STOPPED_MS = 60_000
"""One that looks at every batch, and at none of the last minute's, has stopped."""
FORGOTTEN_MS = 86_400_000
"""One that did nothing for a day is one of an older release."""
SURELY_SIGNALS = 20.0
"""Where so many signals were to be expected of what a check has looked at within the hour, to
find none is no chance: one in e²⁰, were signals independent of each other."""
USUAL_COMMENTS = 1_000
"""Comments from which on it is known how often a check finds something."""

Marks = Mapping[str, int]


@dataclass(slots=True)
class Counts:
    """Hold what was counted of one check: fields by name, buckets, failures by kind."""

    fields: Counter[str] = field(default_factory=Counter)
    buckets: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)


def look_at_checks(client: Client, now_ms: int) -> tuple[CheckView, ...]:
    """Return the checks by name."""
    pipe = client.pipeline(transaction=False)
    pipe.hgetall(keys.OPS_CHECKS)
    for start in CHECKS_GRID.starts(now_ms):
        pipe.hgetall(keys.ops_checks_slot(start))
    ever, *slots = pipe.execute()
    totals, recent = counted(ever), counted(*slots)
    views = (
        _view(name, marks, totals[name], recent[name], marks_of(ever), now_ms)
        for name, marks in _marks_by_check(marks_of(ever)).items()
    )
    return tuple(sorted(filter(None, views), key=lambda view: view.name))


def check_totals(ever: Mapping[bytes, bytes]) -> dict[str, CheckTotals]:
    """Return what each check ever did, by name."""
    return {
        name: CheckTotals(
            comments=counts.fields["comments"],
            signals=counts.fields["signals"],
            seconds=counts.fields["us"] / 1e6,
            unscreened=counts.fields["unscreened"],
            failures=dict(counts.failures),
        )
        for name, counts in sorted(counted(ever).items())
    }


MARKS = ("seen", "failed", "standing")
REVIEWED = "reviewed"


def marks_of(ever: Mapping[bytes, bytes]) -> Marks:
    """Return the moments noted (ms), by check and name, and that of the last batch."""
    return {
        name.decode(): int(value)
        for name, value in ever.items()
        if name.decode() == REVIEWED or name.decode().rpartition("|")[2] in MARKS
    }


def counted(*hashes: Mapping[bytes, Any]) -> defaultdict[str, Counts]:
    """Return what was counted of each check, in all hashes together."""
    found: defaultdict[str, Counts] = defaultdict(Counts)
    for fields in hashes:
        for raw, value in fields.items():
            check, *rest = raw.decode().split("|", 2)
            match rest:
                case ["b", bucket]:
                    found[check].buckets[int(bucket)] += int(value)
                case ["f", kind]:
                    found[check].failures[kind] += int(value)
                case [name] if name not in MARKS:
                    found[check].fields[name] += int(value)
    return found


def _marks_by_check(marks: Marks) -> dict[str, dict[str, int]]:
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, value in marks.items():
        check, _, mark = name.rpartition("|")
        if check:
            found[check][mark] = value
    return found


def _view(
    name: str, marks: Marks, ever: Counts, recent: Counts, every: Marks, now_ms: int
) -> CheckView | None:
    last_seen = max(marks.values())
    if now_ms - last_seen > FORGOTTEN_MS:
        return None
    fields, failed = recent.fields, marks.get("failed")
    comments = fields["comments"]
    p95 = percentile(recent.buckets, 0.95)
    return CheckView(
        name=name,
        calls=fields["calls"],
        comments=comments,
        signals=fields["signals"],
        mean_ms=fields["us"] / comments / 1000 if comments else 0.0,
        p95_ms=p95 / 1000 if p95 else 0.0,
        failures=dict(recent.failures),
        unscreened=fields["unscreened"],
        last_seen_ms=marks.get("seen", last_seen),
        last_failure_ms=failed,
        is_failing=failed is not None and now_ms - failed < FAILING_MS,
        is_silent=_has_stopped(marks, every.get(REVIEWED, 0)) or _finds_nothing(ever, recent),
    )


def _has_stopped(marks: Marks, reviewed_ms: int) -> bool:
    return "standing" in marks and reviewed_ms - marks["standing"] > STOPPED_MS


def _finds_nothing(ever: Counts, recent: Counts) -> bool:
    comments = recent.fields["comments"]
    before = ever.fields["comments"] - comments
    if recent.fields["signals"] or before < USUAL_COMMENTS:
        return False
    return comments * ever.fields["signals"] / before > SURELY_SIGNALS
