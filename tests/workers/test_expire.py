"""Retention: what is forgotten, when, in which steps, and what is never lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from config.settings import Settings
from service.moderation.verdict import Action, Status
from service.store.doorbell import MAINTENANCE_QUEUE, Doorbell
from service.store.paging import Order
from service.store.sites import Changer, Retention
from service.store.store import Store
from service.store.trials import DAY_S
from service.store.upkeep.retention import STEP, Place
from tests.store.shelf import DEMO, PAGE, bring, decide, listed, outline, raw, settle_all
from tests.workers.house import queue_of
from workers.expire import Expirer

NOW_S = 2_000_000_000.0
ANN = Changer("account:ann", 5000)


def expirer(store: Store, settings: Settings, **more: Any) -> Expirer:
    doorbell = Doorbell(queue_of(settings))
    parts = {"clock": lambda: NOW_S, "stopwatch": lambda: 0.0, **more}
    return Expirer(store.sites, store.forgetting, store.trials, doorbell, **parts)


def keep(store: Store, personal_days: int = 0, refused_days: int = 0) -> None:
    kept = Retention(personal_days, refused_days)
    store.sites.change("demo", ANN, lambda site: replace(site, retention=kept))


def settled(store: Store, name: str, days_ago: float, action: Action, **more: object) -> None:
    """Have a comment of some days ago with one verdict."""
    words = {"url": "http://claire.test", "user_agent": "Firefox", "referrer": "http://x.test"}
    bring(store, name, submitted_at=NOW_S - days_ago * DAY_S, **{**words, **more})
    settle_all(store, action)


def stored(store: Store, name: str) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = raw(store).hgetall(DEMO.comment(name))
    return found


def test_what_is_personal_goes_after_the_days_set(store: Store, settings: Settings) -> None:
    keep(store, personal_days=30)
    settled(store, "old", 31, Action.APPROVE)
    settled(store, "young", 29, Action.APPROVE)
    assert expirer(store, settings).expire("demo", Place()) == 1
    old, young = stored(store, "old"), stored(store, "young")
    assert not old.keys() & {b"personal", b"email_hash", b"ip_hash", b"facts", b"author"}
    assert b"personal" in young
    record = store.comments.get("demo", "old")
    assert (record.comment.author, record.comment.url) == ("Claire", "http://claire.test")
    assert (record.comment.user_agent, record.comment.referrer) == ("", "")
    assert store.comments.personal(record).email == ""
    assert record.status is Status.APPROVED
    assert expirer(store, settings).expire("demo", Place()) == 0


@pytest.mark.parametrize("action", [Action.REJECT, Action.SPAM])
def test_of_what_was_refused_the_name_goes_too(
    store: Store, settings: Settings, action: Action
) -> None:
    keep(store, personal_days=30)
    settled(store, "old", 31, action)
    expirer(store, settings).expire("demo", Place())
    words = orjson.loads(stored(store, "old")[b"content"])
    assert set(words) == {"content", "page"}


def test_a_held_comment_keeps_what_a_moderator_needs(store: Store, settings: Settings) -> None:
    keep(store, personal_days=30, refused_days=30)
    settled(store, "waiting", 300, Action.HOLD)
    assert expirer(store, settings).expire("demo", Place()) == 0
    assert b"personal" in stored(store, "waiting")


def test_zero_days_mean_never(store: Store, settings: Settings) -> None:
    keep(store)
    settled(store, "old", 10_000, Action.SPAM)
    assert expirer(store, settings).expire("demo", Place()) == 0
    assert expirer(store, settings).begin() == 0


def test_refused_comments_are_deleted_wholly(store: Store, settings: Settings) -> None:
    keep(store, refused_days=7)
    settled(store, "spam", 8, Action.SPAM)
    settled(store, "bad", 8, Action.REJECT)
    settled(store, "young", 6, Action.SPAM)
    settled(store, "good", 8, Action.APPROVE)
    assert expirer(store, settings).expire("demo", Place()) == 2
    assert stored(store, "spam") == stored(store, "bad") == {}
    assert listed(store, Status.SPAM) == ["young"]
    assert listed(store, Status.REJECTED) == []
    counts = store.decisions.counts("demo")
    assert [counts[f"status.{name}"] for name in ("spam", "rejected", "approved")] == [1, 0, 1]


def test_an_author_s_record_still_counts_what_was_deleted(store: Store, settings: Settings) -> None:
    keep(store, refused_days=7)
    settled(store, "spam", 8, Action.SPAM)
    expirer(store, settings).expire("demo", Place())
    assert raw(store).hget(DEMO.author("claire"), "refused") == b"1"


def test_a_refused_comment_that_was_answered_leaves_a_tombstone(
    store: Store, settings: Settings
) -> None:
    keep(store, refused_days=7)
    settled(store, "root", 8, Action.APPROVE)
    settled(store, "reply", 8, Action.APPROVE, parent="root")
    decide(store, "root", Status.REJECTED)
    expirer(store, settings).expire("demo", Place())
    assert outline(store.threads.read("demo", PAGE, Order.OLDEST, 9, "").nodes) == [
        "-root",
        ["reply"],
    ]
    left = store.comments.get("demo", "root")
    assert (left.comment.content, left.status, left.sealed) == ("", Status.DELETED, b"")
    assert left.decision is None


def test_what_is_kept_beside_a_comment_goes_with_it(store: Store, settings: Settings) -> None:
    keep(store, personal_days=7, refused_days=7)
    settled(store, "bad", 8, Action.HOLD, user_agent="Netscape")
    settled(store, "good", 8, Action.HOLD, user_agent="Netscape")
    store.notes.add("demo", "bad", "account:mo", "A note", 1)
    decide(store, "bad", Status.REJECTED)
    decide(store, "good", Status.APPROVED)
    expirer(store, settings).expire("demo", Place())
    redis = raw(store)
    assert not list(redis.scan_iter("*comment:bad*"))
    assert not any(b"Netscape" in redis.dump(key) for key in redis.scan_iter("*comment:good*"))
    assert not redis.hexists(DEMO.facets, "bad")


def test_nothing_of_the_audit_log_is_lost_and_what_was_forgotten_is_told(
    store: Store, settings: Settings
) -> None:
    keep(store, personal_days=7, refused_days=7)
    settled(store, "one", 8, Action.HOLD)
    decide(store, "one", Status.SPAM)
    settled(store, "two", 8, Action.APPROVE)
    before = raw(store).xrange(DEMO.audit)
    expirer(store, settings).expire("demo", Place())
    after = raw(store).xrange(DEMO.audit)
    assert after[: len(before)] == before
    ((_, told),) = after[len(before) :]
    assert (told[b"kind"], told[b"erased"], told[b"deleted"]) == (b"retention", b"1", b"1")


def ticking(step_s: float) -> Callable[[], float]:
    moments = iter(range(100_000))
    return lambda: next(moments) * step_s


def waiting(settings: Settings) -> list[tuple[Any, ...]]:
    queue = Queue(MAINTENANCE_QUEUE, connection=queue_of(settings), serializer=JSONSerializer)
    return [tuple(job.args) for job in queue.get_jobs()]


def test_it_is_done_in_bounded_steps_that_go_on_where_the_last_ended(
    store: Store, settings: Settings
) -> None:
    keep(store, personal_days=30, refused_days=30)
    for number in range(STEP + 10):
        bring(store, f"c{number:04}", submitted_at=NOW_S - 40 * DAY_S + number)
    settle_all(store)
    settled(store, "spam", 40, Action.SPAM)
    slow = expirer(store, settings, stopwatch=ticking(5.0))
    done, place = 0, ""
    for _ in range(12):
        done += slow.expire("demo", Place.read(place))
        left = waiting(settings)
        Redis.from_url(settings.queue_url).flushdb()
        if not left:
            break
        ((_, place),) = left
    assert done == STEP + 11
    assert not any(b"personal" in stored(store, f"c{number:04}") for number in range(STEP + 10))


def test_every_refused_comment_goes_in_one_run_however_many_came_at_once(
    store: Store, settings: Settings
) -> None:
    keep(store, refused_days=30)
    for number in range(2 * STEP + 10):
        at = NOW_S - 40 * DAY_S + number // (STEP + 50)
        bring(store, f"c{number:04}", submitted_at=at)
    settle_all(store, Action.SPAM)
    raw(store).hset(DEMO.comment("c0005"), "content", b"not JSON")
    assert expirer(store, settings).expire("demo", Place()) == 2 * STEP + 9
    assert listed(store, Status.SPAM) == ["c0005"]


def test_the_daily_task_rings_for_the_sites_that_forget(store: Store, settings: Settings) -> None:
    assert expirer(store, settings).begin() == 0
    keep(store, personal_days=1)
    assert expirer(store, settings).begin() == 1
    assert waiting(settings) == [("demo", "")]


def test_a_place_that_is_no_longer_part_of_the_work_begins_anew(
    store: Store, settings: Settings
) -> None:
    keep(store, personal_days=30)
    settled(store, "old", 31, Action.APPROVE)
    assert expirer(store, settings).expire("demo", Place("delete", "spam", "5-1")) == 1


def test_the_deleted_and_the_erased_are_gone_from_the_file_of_the_server(
    store: Store, settings: Settings
) -> None:
    keep(store, personal_days=30, refused_days=30)
    settled(store, "old", 31, Action.APPROVE, user_agent="Netscape")
    settled(store, "bad", 31, Action.SPAM, content="Buy at nowhere.test")
    expirer(store, settings).expire("demo", Place())
    redis = raw(store)
    kinds = {key: redis.dump(key) for key in redis.scan_iter("*comment:*")}
    assert set(kinds) == {DEMO.comment("old").encode()}
    assert not any(b"Netscape" in value for value in kinds.values())
