"""How soon a system that publishes comments itself is answered.

``python -m bench.comment_check [--write]``. The whole service runs as `ecluse up` starts it. A
blog's server asks Akismet's `comment-check` about comments of its visitors; each is judged in the
web process, and kept. Coral asks as it does in its external moderation phase; nothing is kept.
Light: one client that asks again once it is answered. Full: as many as fill the service, each
asking again at once. Clients give up after 0.8 to 1 s, Coral after 0.2, and many then publish
unchecked.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape
from itertools import chain, product
from pathlib import Path
from urllib.parse import urlencode

import orjson

from bench import points, report
from bench.load import Load, measure, send
from bench.report import Limit, Spread
from bench.running import running
from bench.site import ORIGIN, SITE, UNREACHED, CommentsLost
from bench.texts import Written, written
from service.store.doors.door_keys import Door
from service.store.sites import Site
from service.store.store import Store

WARM_UP = 60
ENOUGH_PER_S = 2_000
LOADS = {"light": 1, "full": 32}
"""Connections, by the name of the load."""
AKISMET, CORAL = "comment-check", "Coral's phase"
MOST_MS = {
    (AKISMET, "light"): 25.0,
    (AKISMET, "full"): 400.0,
    (CORAL, "light"): 200.0,
    (CORAL, "full"): 200.0,
}
"""The longest 99th percentile, by door and load."""
CORAL_SITE, CORAL_SECRET = "coral", "a secret that Coral made"


@dataclass(frozen=True)
class Plan:
    """Say how long and how often to measure."""

    rounds: int = 3
    seconds: float = 4.0
    warm_up_s: float = 1.0


@dataclass
class Found:
    """Hold what was seen of each door under each load, round by round."""

    loads: dict[tuple[str, str], list[Load]] = field(
        default_factory=lambda: {each: [] for each in MOST_MS}
    )

    def p99_ms(self, door: str, load: str) -> Spread:
        """Return the 99th percentile of the time until the answer, in ms."""
        return Spread.of([each.p99_ms for each in self.loads[door, load]])


def run(plan: Plan) -> Found:
    """Measure doors and loads in turn, round after round; what Akismet's answers must be kept.

    Raises ``CommentsLost``.
    """
    found = Found()
    with tempfile.TemporaryDirectory(prefix="ecluse-bench-") as name, running(Path(name)) as here:
        requests_of = {AKISMET: _akismet(here.store), CORAL: _coral(here.store)}
        for comment, request_of in product(written(WARM_UP, seed=-1), requests_of.values()):
            send(here.port, request_of(comment))
        for number, (door, load) in product(range(plan.rounds), found.loads):
            seed = 2 * number + list(LOADS).index(load)
            made = map(requests_of[door], written(_enough(plan), seed))
            found.loads[door, load].append(_measured(here.port, list(made), plan, load))
        asked = (found.loads[AKISMET, load] for load in LOADS)
        answered = WARM_UP + sum(each.answered for each in chain(*asked))
        kept = here.store.decisions.counts(SITE).get("accepted", 0)
        if kept != answered:
            raise CommentsLost(f"{answered} answered, {kept} kept")
    return found


def text_of(found: Found, plan: Plan) -> str:
    """Return the whole report."""
    rows = []
    for (door, load), loads in found.loads.items():
        rate = Spread.of([each.rate for each in loads])
        p50 = Spread.of([each.p50_ms for each in loads])
        p99 = found.p99_ms(door, load)
        times = (f"{value:.1f}" for value in (p50.median, p99.median, p99.high))
        called = f"{door}, {load}, {LOADS[load]} at once"
        rows.append((called, report.number(rate.median), *times))
    limits = [
        Limit(f"{door}, p99 at {load} load", "ms", most, found.p99_ms(door, load))
        for (door, load), most in MOST_MS.items()
    ]
    return "\n\n".join(
        (
            f"{plan.rounds} rounds of {plan.seconds:g} s after {plan.warm_up_s:g} s of warm-up, "
            "doors and loads in turn; two web processes, two workers, the scheduler and the server "
            "share the machine with the generator; medians.",
            report.table(("door and load", "answers/s", "p50 ms", "p99 ms", "worst p99 ms"), rows),
            report.limits_table(limits),
            report.machine(),
        )
    )


def request_of(key: str, comment: Written) -> bytes:
    """Return the question of a blog's server about a comment."""
    body = urlencode(
        {
            "api_key": key,
            "blog": ORIGIN,
            "user_ip": comment.ip,
            "user_agent": comment.user_agent,
            "permalink": comment.page,
            "comment_type": "comment",
            "comment_author": comment.author,
            "comment_author_email": comment.email,
            "comment_author_url": comment.url,
            "comment_content": comment.content,
            "blog_lang": comment.lang,
        }
    ).encode()
    head = (
        "POST /1.1/comment-check HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: WordPress/6.7\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def phase_of(secret: str, comment: Written) -> bytes:
    """Return what Coral asks about a comment before it publishes it."""
    body = orjson.dumps(
        {
            "action": "NEW",
            "comment": {"body": f"<div>{escape(comment.content)}</div>"},
            "author": {"id": comment.email, "role": "COMMENTER"},
            "story": {"id": comment.page, "url": comment.page},
            "site": {"id": "1"},
            "tenantID": "1",
            "tenantDomain": "journal.example",
        }
    )
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST /coral/{CORAL_SITE} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Talk/9\r\n"
        f"X-Coral-Signature: sha256={signature}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _akismet(store: Store) -> Callable[[Written], bytes]:
    _, key = store.door_keys.create(SITE, Door.AKISMET, "bench")
    return partial(request_of, key)


def _coral(store: Store) -> Callable[[Written], bytes]:
    """Return what asks on a site where a moderator sees all first: every answer has a body."""
    policy = {"premoderation": "all"}
    store.sites.create(Site(CORAL_SITE, lang="fr", limits=UNREACHED, policy=policy))
    store.door_keys.take(CORAL_SITE, Door.CORAL, CORAL_SECRET, "bench")
    return partial(phase_of, CORAL_SECRET)


def _enough(plan: Plan) -> int:
    return int(ENOUGH_PER_S * (plan.seconds + plan.warm_up_s))


def _measured(port: int, requests: Sequence[bytes], plan: Plan, load: str) -> Load:
    return measure(
        port, requests, 200, connections=LOADS[load], warm_up_s=plan.warm_up_s,
        seconds=plan.seconds,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and with ``--write`` keep the result."""
    parser = argparse.ArgumentParser(description="How soon the doors answer.")
    report.add_options(parser)
    parser.add_argument("--rounds", type=int, default=Plan.rounds)
    parser.add_argument("--seconds", type=float, default=Plan.seconds)
    options = parser.parse_args(arguments)
    plan = Plan(options.rounds, options.seconds)
    found = run(plan)
    report.keep("comment_check", text_of(found, plan), options)
    bars = tuple(
        points.Series(f"{load} load", (found.p99_ms(AKISMET, load).median,)) for load in LOADS
    )
    points.keep(options.points, "comment_check",
                points.Panel("comment-check, p99 ms", points.BARS, bars))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
