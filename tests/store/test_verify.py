"""`verify`: silent about a site in order, whatever it lived through; loud about what is broken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from service.moderation.comment import Facts
from service.moderation.signal import Attribute
from service.moderation.verdict import Action, Status, Verdict
from service.store.inbox import Settlement
from service.store.keys import page_key
from service.store.paging import Order
from service.store.reported import ReportReason
from service.store.reports import Reporting
from service.store.store import Store
from service.store.upkeep.verify import Verifier
from tests.store.index_checker import assert_indexed
from tests.store.shelf import (
    DEMO,
    PAGE,
    bring,
    decide,
    now_ms,
    outline,
    publish,
    raw,
    settle_all,
)
from tests.store.test_lifecycle import Lifecycle

PAGE_KEY = page_key(PAGE)
LIFE = settings(
    max_examples=6, stateful_step_count=25, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def found(store: Store, *, mends: bool = False) -> dict[str, int]:
    report = Verifier(store.client, mends=mends).verify("demo")
    assert report.moving == 0
    assert report.left == (0 if mends else report.differences)
    return {kind: each.count for kind, each in report.findings.items()}


class Verified(Lifecycle):
    """A life at whose end everything is verified, and verified anew after a rebuild."""

    def teardown(self) -> None:
        assert found(self.store) == {}
        Verifier(self.store.client, is_whole=True).verify("demo")
        assert found(self.store) == {}
        self.every_counter_equals_the_comments()
        self.the_page_shows_the_approved_and_their_tombstones()


def test_any_life_is_found_in_order(store: Store) -> None:
    run_state_machine_as_test(lambda: Verified(store), settings=LIFE)  # type: ignore[arg-type]


class Broken(Lifecycle):
    """A life after which keys are lost at random, which a rebuild brings back as they were."""

    def teardown(self) -> None:
        before = self._all()
        lost = [key for key in sorted(before) if self._is_derived(key)]
        for key in lost[::2]:
            self.redis.delete(key)
        report = Verifier(self.store.client, mends=True).verify("demo")
        assert report.left == 0
        assert found(self.store) == {}
        if self.model.comments:
            assert_indexed(self.store, "demo", self.model.comments)
        self.every_counter_equals_the_comments()
        self.every_listing_holds_its_comments_and_no_other()
        self.the_page_shows_the_approved_and_their_tombstones()

    def _all(self) -> set[str]:
        return {key.decode() for key in self.redis.scan_iter()}

    def _is_derived(self, key: str) -> bool:
        name = key.removeprefix("ecluse:{demo}:")
        derived = ("status:", "queue:", "facets", "author:", "unscreened", "thread:", "appeals")
        return name.startswith(derived) or name.endswith(":roots")


def test_lost_keys_are_found_and_brought_back(store: Store) -> None:
    run_state_machine_as_test(lambda: Broken(store), settings=LIFE)  # type: ignore[arg-type]


@pytest.fixture
def town(store: Store) -> Store:
    """A site that has a comment in every place there is."""
    publish(store, "root")
    publish(store, "reply", parent="root", submitted_at=2.0)
    publish(store, "deep", parent="reply", submitted_at=3.0)
    publish(store, "reported")
    for reader in ("1" * 24, "2" * 24):
        store.reports.add("demo", "reported", Reporting(reader, reader, ReportReason.HATE), 2.0, 1)
    bring(store, "refused")
    settle_all(store, Action.REJECT)
    decide(store, "refused", Status.REJECTED)
    refused = store.comments.get("demo", "refused")
    assert refused.decision is not None
    store.appeals.file(refused, "Relisez-moi.", refused.decision.at_ms + 1)
    bring(store, "held", url="http://claire.test", author_key="denis")
    bring(store, "poison")
    first, second = store.inbox.load("demo", store.inbox.take("demo", "w", 9), Facts())
    verdict = Verdict(
        Action.HOLD, "unscreened", {Attribute.SPAM: 0.5}, unscreened=("some.check",), lang="fr"
    )
    store.inbox.settle("demo", [Settlement(first, verdict)])
    store.inbox.set_aside("demo", second, 3, now_ms())
    bring(store, "new")
    assert found(store) == {}
    return store


def lose(key: str, member: str) -> Callable[[Any], object]:
    return lambda redis: redis.zrem(key, member)


def shift(key: str, member: str) -> Callable[[Any], object]:
    return lambda redis: redis.zincrby(key, 7, member)


def stray(key: str, member: str) -> Callable[[Any], object]:
    return lambda redis: redis.zadd(key, {member: 5})


HARMS: dict[str, tuple[Callable[[Any], object], set[str]]] = {
    "not in its status": (lose(DEMO.status("approved"), "root"),
                          {"status:approved missing", "counters wrong"}),
    "at another time": (shift(DEMO.status("held"), "held"), {"status:held misplaced"}),
    "in two statuses": (stray(DEMO.status("spam"), "root"),
                        {"status:spam stray", "counters wrong"}),
    "a ghost in a status": (stray(DEMO.status("spam"), "ghost"),
                            {"status:spam stray", "counters wrong"}),
    "a counter": (lambda redis: redis.hincrby(DEMO.counters, "status.held", 2),
                  {"counters wrong"}),
    "facets lost": (lambda redis: redis.hdel(DEMO.facets, "root"), {"facets missing"}),
    "facets of others": (lambda redis: redis.hset(DEMO.facets, "held", b"\1" * 80),
                         {"facets wrong", "queue:reach misplaced"}),
    "facets of nobody": (lambda redis: redis.hset(DEMO.facets, "ghost", b"\1" * 80),
                         {"facets stray"}),
    "facets of what waits": (lambda redis: redis.hset(DEMO.facets, "new", b"\1" * 80),
                             {"facets stray"}),
    "not in the queue": (lose(DEMO.severity, "held"), {"queue:severity missing"}),
    "in the queue by mistake": (stray(DEMO.severity, "root"), {"queue:severity stray"}),
    "another reach": (shift(DEMO.reach, "held"), {"queue:reach misplaced"}),
    "no link": (lose(DEMO.with_link, "held"), {"queue:link missing"}),
    "no score": (lose(DEMO.scored("spam"), "held"), {"queue:attribute:spam missing"}),
    "a wrong score": (stray(DEMO.scored("threat"), "held"), {"queue:attribute:threat stray"}),
    "no language": (lose(DEMO.in_language("fr"), "held"), {"queue:lang:fr missing"}),
    "two languages": (stray(DEMO.in_language("de"), "held"), {"queue:lang:de stray"}),
    "not on its page": (lose(DEMO.held_on(PAGE_KEY), "held"), {"queue:page missing"}),
    "on another page": (stray(DEMO.held_on("elsewhere"), "held"), {"queue:page stray"}),
    "not of its author": (lose(DEMO.held_by("denis"), "held"), {"queue:author missing"}),
    "of another author": (stray(DEMO.held_by("zoe"), "held"), {"queue:author stray"}),
    "not unscreened": (lose(DEMO.unscreened, "held"), {"unscreened missing"}),
    "an unscreened ghost": (stray(DEMO.unscreened, "ghost"), {"unscreened stray"}),
    "no dead letter": (lose(DEMO.dead, "poison"), {"dead missing", "dead:why stray"}),
    "a dead letter by mistake": (stray(DEMO.dead, "root"), {"dead stray"}),
    "a reason without letter": (lambda redis: redis.hset(DEMO.dead_reasons, "root", "{}"),
                                {"dead:why stray"}),
    "handled by mistake": (stray(DEMO.handled, "root"), {"handled stray"}),
    "handled, of nobody": (stray(DEMO.handled, "ghost"), {"handled stray"}),
    "not reported": (lose(DEMO.reported, "reported"), {"queue:reported missing"}),
    "reported by nobody": (stray(DEMO.reported, "held"), {"queue:reported stray"}),
    "appeal lost": (lose(DEMO.appeals, "refused"), {"appeals missing"}),
    "appeal by nobody": (stray(DEMO.appeals, "root"), {"appeals stray"}),
    "not under its page": (lose(DEMO.roots(PAGE_KEY), "root"), {"thread missing"}),
    "not in its thread": (lose(DEMO.thread("root"), "deep"), {"thread missing"}),
    "listed by mistake": (stray(DEMO.roots(PAGE_KEY), "held"), {"thread stray"}),
    "the page's count": (lambda redis: redis.hset(DEMO.page(PAGE_KEY), "count", 9),
                         {"page count wrong"}),
    "the page's address": (lambda redis: redis.hdel(DEMO.page(PAGE_KEY), "url"),
                           {"page missing"}),
    "replies of a root": (lambda redis: redis.hset(DEMO.comment("root"), "replies", 5),
                          {"replies wrong"}),
    "replies of a reply": (lambda redis: redis.hdel(DEMO.comment("reply"), "replies"),
                           {"replies wrong"}),
    "replies of nobody's": (lambda redis: redis.hset(DEMO.comment("reported"), "replies", 2),
                            {"thread missing"}),
    "an author's record": (lambda redis: redis.hset(DEMO.author("claire"), "approved", 40),
                           {"author wrong"}),
    "a record lost": (lambda redis: redis.delete(DEMO.author("claire")), {"author wrong"}),
    "a record of nobody": (lambda redis: redis.hset(DEMO.author("zoe"), "refused", 1),
                           {"author wrong"}),
    "not in the inbox": (lambda redis: redis.xtrim(DEMO.inbox, maxlen=0), {"inbox missing"}),
}  # fmt: skip


CONSEQUENCES = {"thread missing", "page count wrong", "replies wrong"}
"""What a lost listing shows as well."""


def test_each_harm_is_found_by_its_name_and_mended(town: Store) -> None:
    """One after the other on one site, so that each mending is proven by the next."""
    redis = raw(town)
    for name, (harm, expected) in HARMS.items():
        harm(redis)
        seen = found(town)
        assert expected <= set(seen), (name, seen)
        assert set(seen) - expected <= CONSEQUENCES, (name, seen)
        assert found(town, mends=True), name
        assert found(town) == {}, name
    ids = ["root", "reply", "deep", "reported", "refused", "held", "poison", "new"]
    assert_indexed(town, "demo", ids)
    thread = town.threads.read("demo", PAGE, Order.OLDEST, 10, "").nodes
    assert outline(thread) == ["root", ["reply", ["deep"]]]


def test_what_a_moderator_has_had_in_hand_is_known_after_everything_is_put_anew(
    town: Store,
) -> None:
    town.claims.take("demo", "held", "account:mo", 5)
    assert found(town) == {}
    Verifier(town.client, is_whole=True).verify("demo")
    assert raw(town).zscore(DEMO.handled, "held") == 5


def test_a_comment_lost_to_the_inbox_is_judged_after_the_mending(town: Store) -> None:
    raw(town).xtrim(DEMO.inbox, maxlen=0)
    found(town, mends=True)
    assert settle_all(town) == 1
    assert town.comments.status("demo", "new") == Status.APPROVED


def test_what_retention_forgot_does_not_make_a_record_wrong(town: Store) -> None:
    decide(town, "refused", Status.REJECTED)
    town.forgetting.erase_personal("demo", Status.APPROVED, now_ms() + 9, "")
    town.forgetting.tell("demo", 3, 0, 5)
    assert found(town) == {}
    standing = town.authors.standing("demo", "claire")
    assert (standing.approved, standing.refused) == (3, 1)
    raw(town).hset(DEMO.author("claire"), "refused", 0)
    assert found(town, mends=True) == {"author wrong": 1}
    assert town.authors.standing("demo", "claire") == standing


def test_a_comment_that_cannot_be_read_is_counted_and_left(town: Store) -> None:
    raw(town).hdel(DEMO.comment("root"), "status")
    report = Verifier(town.client, mends=True).verify("demo")
    assert report.unreadable == 1
    assert raw(town).exists(DEMO.comment("root"))


def test_a_site_that_works_meanwhile_is_found_in_order_and_left_so(town: Store) -> None:
    """Comments come, are settled, decided and undone while one walk follows the other."""
    ended = threading.Event()
    faults: list[BaseException] = []

    def live() -> None:
        try:
            number = 0
            while not ended.is_set():
                number += 1
                name = f"n{number:04}"
                publish(town, name, author_key=f"a{number % 3}")
                decide(town, name, Status.HELD)
                decide(town, "root", (Status.HELD, Status.APPROVED)[number % 2])
                if number % 2:
                    town.decisions.undo("demo", name, "account:mo", now_ms())
        except BaseException as error:
            faults.append(error)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        for _ in range(4):
            report = Verifier(town.client, mends=True).verify("demo")
            assert report.findings == {}
        report = Verifier(town.client, is_whole=True).verify("demo")
        assert report.findings == {}
    finally:
        ended.set()
        thread.join()
    assert faults == []
    assert found(town) == {}
    assert orjson.loads(raw(town).hget(DEMO.dead_reasons, "poison"))["attempts"] == 3
