"""A site's numbers as Akismet tells them: usage, sites of a key, statistics, subscription."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Mapping
from typing import Any

from service.api.services import services
from service.compat.akismet.call import Call
from service.store.doors.door_counts import month_and_day
from service.store.doors.door_keys import Door

TOLD = ("spam", "ham", "missed_spam", "false_positives")
MOST_MONTHS = 13
SECONDS_SAVED = 10
"""What Akismet counts a comment of spam that nobody had to look at, by its own figures."""
PERIODS = {"60-days": 2, "6-months": 6, "year": 12}
"""Months that a period of the statistics covers."""
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_HEADINGS = (
    "Site", "Total API Calls", "Spam", "Ham", "Missed Spam", "False Positives", "Is Revoked"
)  # fmt: skip
MOST_SITES = 500


def usage(call: Call) -> dict[str, Any]:
    """Return how many checks this month has seen; there is no limit."""
    return {
        "limit": "none",
        "usage": _month(call, _this_month())["checks"],
        "percentage": "0.00",
        "throttled": False,
    }


def key_sites(call: Call, asked: Mapping[str, str]) -> dict[str, Any]:
    """Return the sites a key was used for in a month: the one it belongs to."""
    month = asked.get("month", "")
    month = month if _MONTH.fullmatch(month) else _this_month()
    limit, offset = (_whole(asked.get(name, ""), most) for name, most in (
        ("limit", MOST_SITES), ("offset", 0),
    ))  # fmt: skip
    counted, row = _month(call, month), _name(call)
    rows = [
        {
            "site": row,
            "api_calls": str(counted["checks"]),
            **{name: str(counted[name]) for name in TOLD},
            "is_revoked": False,
        }
    ]
    wanted = asked.get("filter", "")
    found = [each for each in rows if wanted in str(each["site"])]
    return {
        month: found[offset : offset + limit],
        "limit": limit,
        "offset": offset,
        "total": len(found),
    }


def key_sites_csv(token: str, found: Mapping[str, Any]) -> str:
    """Return the same as lines of comma-separated values under a line that names the key."""
    month = next(iter(found))
    out = io.StringIO()
    out.write(
        f"Active sites for {token} during {month} (limit:{found['limit']}, "
        f"offset: {found['offset']}, total: {found['total']})\n"
    )
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(_HEADINGS)
    for row in found[month]:
        numbers = [row[name] for name in ("api_calls", *TOLD)]
        lines.writerow([row["site"], *numbers, "true" if row["is_revoked"] else "false"])
    return out.getvalue()


def statistics(call: Call, period: str) -> dict[str, Any]:
    """Return what was found in a period, by month, or by day of the last 60."""
    months = _months_back(PERIODS.get(period, MOST_MONTHS) + (period == "60-days"))
    days = services().store.door_counts.of_months(call.site.name, Door.AKISMET, months)
    if period == "60-days":
        now = dt.datetime.fromtimestamp(services().clock(), dt.UTC)
        first = (now - dt.timedelta(days=60)).date().isoformat()
        parts = {day: counts for day, counts in days.items() if day >= first}
    else:
        parts = {month: _sum(days, month) for month in months if _sum(days, month)}
    told = {key: _numbers(counts) for key, counts in sorted(parts.items())}
    every = services().store.door_counts.in_all(call.site.name, Door.AKISMET)
    total = _numbers(every) if period == "all" else _added(told.values())
    return {
        **total,
        "accuracy": f"{_accuracy(total):.2f}",
        "time_saved": total["spam"] * SECONDS_SAVED,
        "breakdown": {
            key: {**counts, "da": key if len(key) > 7 else f"{key}-01"}
            for key, counts in told.items()
        },
    }


def subscription(call: Call) -> dict[str, Any]:
    """Return an account in good standing: the service is the site's own."""
    number = int.from_bytes((call.key.id if call.key else call.site.name).encode()[:4], "big")
    return {
        "account_id": number,
        "account_type": "self-hosted",
        "account_name": call.site.name,
        "status": "active",
        "next_billing_date": False,
        "limit_reached": False,
    }


def _name(call: Call) -> str:
    return call.site.origins[0] if call.site.origins else call.site.name


def _this_month() -> str:
    return month_and_day(services().clock())[0]


def _month(call: Call, month: str) -> dict[str, int]:
    days = services().store.door_counts.of_months(call.site.name, Door.AKISMET, [month])
    return dict.fromkeys(("checks", *TOLD), 0) | _sum(days, month)


def _sum(days: Mapping[str, Mapping[str, int]], month: str) -> dict[str, int]:
    total: dict[str, int] = {}
    for day, counts in days.items():
        if day.startswith(month):
            for name, count in counts.items():
                total[name] = total.get(name, 0) + count
    return total


def _numbers(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in TOLD}


def _added(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    rows = list(parts)
    return {name: sum(row[name] for row in rows) for name in TOLD}


def _accuracy(total: Mapping[str, int]) -> float:
    """Return the share, in percent, of checks that nobody corrected."""
    checked = total["spam"] + total["ham"]
    wrong = total["missed_spam"] + total["false_positives"]
    return 100.0 * max(checked - wrong, 0) / checked if checked else 100.0


def _months_back(count: int) -> list[str]:
    day = dt.datetime.fromtimestamp(services().clock(), dt.UTC).date().replace(day=1)
    found = []
    for _ in range(count):
        found.append(f"{day:%Y-%m}")
        day = (day - dt.timedelta(days=1)).replace(day=1)
    return found


def _whole(text: str, default: int) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= 6
    return int(text) if is_number else default
