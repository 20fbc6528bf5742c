"""A comment at the door: one round trip, kept once, limited, under an approved parent."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest

from service.moderation.comment import Facts, FormToken
from service.moderation.verdict import Action, Status
from service.store.comments import (
    MAX_DEPTH,
    CommentUnknown,
    ParentUnknown,
    RateLimited,
    ThreadTooDeep,
)
from service.store.sealing import Personal
from service.store.sites import Limit
from service.store.store import Store
from tests.conftest import arrival_of, comment_of
from tests.store.shelf import DEMO, PAGE, WIDE, bring, decide, publish, raw, settle_all

HOUR_S = 3600


def commands_run(store: Store) -> int:
    return int(raw(store).info("stats")["total_commands_processed"])


def database(store: Store) -> dict[bytes, object]:
    return {key: raw(store).dump(key) for key in raw(store).scan_iter("*")}


def test_accepting_takes_one_call_to_the_server(store: Store) -> None:
    bring(store, "first")  # the server now knows the script
    client: Any = raw(store)
    with client.monitor() as monitor:
        client.echo("the start")
        bring(store, "second")
        client.echo("the end")
        until(monitor, "the start")
        seen = until(monitor, "the end")
    sent = [each["command"].split()[0] for each in seen if each["client_type"] != "lua"]
    assert sent == ["EVALSHA"]


def until(monitor: Any, words: str) -> list[dict[str, str]]:
    """Return the commands the server has seen before the one that says ``words``."""
    return list(
        takewhile(lambda each: words not in each["command"], iter(monitor.next_command, None))
    )


def test_everything_submitted_is_kept(store: Store) -> None:
    comment = comment_of(
        "c1",
        "Un mot 🌿",
        url="https://claire.test",
        lang="fr",
        page_title="Le titre",
        user_agent="Firefox",
        referrer="http://site.test/",
        author_id="42",
        is_staff=True,
        submitted_at=1_700_000_000.5,
    )
    facts = Facts(
        email_domain="example.org",
        email_is_disposable=True,
        honeypot_filled=True,
        form_token=FormToken.VALID,
        seconds_to_submit=7.5,
        author_key="claire",
    )
    personal = Personal("Claire@example.org", "192.0.2.7")
    store.comments.accept(arrival_of(comment, facts=facts, personal=personal, limits={}))
    record = store.comments.get("demo", "c1")
    assert record.comment == comment
    assert record.facts == facts
    assert record.status is Status.RECEIVED
    assert (record.version, record.revision, record.submitted_at_ms) == (1, 0, 1_700_000_000_500)
    assert store.comments.personal(record) == personal
    assert record.verdict is None
    assert record.decision is None


def test_the_share_of_a_limit_used_up_is_kept_as_pressure(store: Store) -> None:
    limits = {"ip": Limit(4, HOUR_S), "email": Limit(2, HOUR_S)}
    store.comments.accept(arrival_of(comment_of("c1"), limits=limits))
    facts = store.comments.get("demo", "c1").facts
    assert facts.ip_pressure == pytest.approx(0.25, abs=1e-3)
    assert facts.email_pressure == pytest.approx(0.5, abs=1e-3)


def test_a_comment_waits_in_the_inbox_and_is_counted(store: Store) -> None:
    bring(store, "c1")
    bring(store, "c2")
    assert store.inbox.depth("demo") == 2
    assert store.decisions.counts("demo")["accepted"] == 2
    assert [e.comment_id for e in store.inbox.take("demo", "w", 9)] == ["c1", "c2"]


def test_the_same_id_again_is_a_replay_that_changes_nothing(store: Store) -> None:
    arrival = arrival_of(comment_of("c1"))
    first = store.comments.accept(arrival)
    changed = replace(arrival, comment=comment_of("c1", "Other words"))
    again = store.comments.accept(changed)
    assert (first.is_replay, again.is_replay, again.comment_id) == (False, True, "c1")
    assert store.inbox.depth("demo") == 1
    assert store.decisions.counts("demo")["accepted"] == 1
    assert store.comments.get("demo", "c1").comment.content == arrival.comment.content
    fresh = store.comments.accept(arrival_of(comment_of("c2")))
    used = {a.dimension: a.limit.burst - a.remaining for a in fresh.allowances}
    # A site's limit grows back in 10 ms, those of the others in 40 s and more, a page's in 100 ms.
    assert {name: used[name] for name in ("ip", "email")} == {"ip": 2, "email": 2}


def test_the_same_idempotency_key_gives_the_same_comment(store: Store) -> None:
    first = store.comments.accept(arrival_of(comment_of("c1"), idempotency_scope="claire\x1fk"))
    again = store.comments.accept(arrival_of(comment_of("c2"), idempotency_scope="claire\x1fk"))
    assert first.comment_id == again.comment_id == "c1"
    assert again.is_replay
    with pytest.raises(CommentUnknown):
        store.comments.get("demo", "c2")
    assert store.inbox.depth("demo") == 1


def test_the_same_key_of_two_owners_gives_two_comments(store: Store) -> None:
    first = store.comments.accept(arrival_of(comment_of("c1"), idempotency_scope="claire\x1fk"))
    other = store.comments.accept(arrival_of(comment_of("c2"), idempotency_scope="denis\x1fk"))
    assert (first.comment_id, other.comment_id) == ("c1", "c2")
    assert not other.is_replay


def test_an_idempotency_key_is_forgotten_after_its_time(store: Store) -> None:
    store.comments.accept(arrival_of(comment_of("c1"), idempotency_scope="claire\x1fk"))
    key = DEMO.idempotency(store.vault.lookup("idempotency", "claire\x1fk"))
    assert 0 < int(raw(store).ttl(key)) <= 86_400
    raw(store).delete(key)
    late = store.comments.accept(arrival_of(comment_of("c2"), idempotency_scope="claire\x1fk"))
    assert late.comment_id == "c2"


@pytest.mark.parametrize(
    ("dimension", "other"),
    [
        ("ip", {"personal": Personal("claire@example.org", "198.51.100.1")}),
        ("email", {"personal": Personal("denis@example.org", "192.0.2.7")}),
        ("page", {"comment": comment_of("other", page="http://site.test/b")}),
    ],
)
def test_a_limit_counts_one_subject_only(
    store: Store, dimension: str, other: dict[str, Any]
) -> None:
    limits = {dimension: Limit(2, HOUR_S)}
    left = []
    for name in ("c1", "c2"):
        receipt = store.comments.accept(arrival_of(comment_of(name), limits=limits))
        left.append([(a.dimension, a.remaining) for a in receipt.allowances])
    assert left == [[(dimension, 1)], [(dimension, 0)]]
    with pytest.raises(RateLimited) as caught:
        store.comments.accept(arrival_of(comment_of("c3"), limits=limits))
    (allowance,) = caught.value.allowances
    assert (allowance.dimension, allowance.remaining) == (dimension, 0)
    assert HOUR_S / 2 - 60 < allowance.retry_after_s <= HOUR_S / 2
    comment = other.pop("comment", comment_of("other"))
    store.comments.accept(arrival_of(comment, limits=limits, **other))


def test_a_site_limit_counts_everybody(store: Store) -> None:
    limits = {"site": Limit(1, HOUR_S)}
    store.comments.accept(arrival_of(comment_of("c1"), limits=limits))
    other = arrival_of(
        comment_of("c2", page="http://site.test/b"),
        limits=limits,
        personal=Personal("denis@example.org", "198.51.100.1"),
    )
    with pytest.raises(RateLimited):
        store.comments.accept(other)


def test_one_spelling_of_an_address_is_not_limited_apart_from_another(store: Store) -> None:
    limits = {"email": Limit(1, HOUR_S)}
    store.comments.accept(arrival_of(comment_of("c1"), limits=limits))
    shouted = arrival_of(
        comment_of("c2"), limits=limits, personal=Personal("CLAIRE@EXAMPLE.ORG", "198.51.100.1")
    )
    with pytest.raises(RateLimited):
        store.comments.accept(shouted)


def test_without_address_there_is_no_limit_by_it(store: Store) -> None:
    limits = {"email": Limit(1, HOUR_S), "ip": Limit(1, HOUR_S)}
    for name in ("c1", "c2"):
        receipt = store.comments.accept(
            arrival_of(comment_of(name), limits=limits, personal=Personal())
        )
        assert receipt.allowances == ()


def test_a_refused_comment_leaves_no_trace_and_uses_nothing_up(store: Store) -> None:
    limits = {"ip": Limit(5, HOUR_S), "page": Limit(1, HOUR_S)}
    store.comments.accept(arrival_of(comment_of("c1"), limits=limits))
    before = database(store)
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            store.comments.accept(
                arrival_of(comment_of("c2"), limits=limits, idempotency_scope="claire\x1fk")
            )
        by_name = {a.dimension: a for a in caught.value.allowances}
        assert by_name["ip"].remaining == 3
        assert by_name["ip"].retry_after_s == 0
    assert database(store) == before


def test_a_refused_reply_leaves_no_trace(store: Store) -> None:
    before = database(store)
    with pytest.raises(ParentUnknown):
        store.comments.accept(
            arrival_of(comment_of("c1", parent="nobody"), idempotency_scope="claire\x1fk")
        )
    assert database(store) == before


def test_a_used_up_limit_comes_back_with_time(store: Store) -> None:
    limits = {"ip": Limit(2, HOUR_S)}
    for name in ("c1", "c2"):
        store.comments.accept(arrival_of(comment_of(name), limits=limits))
    key = DEMO.rate("ip", store.vault.lookup("ip", "192.0.2.7"))
    idle_at = float(raw(store).get(key))
    raw(store).set(key, idle_at - HOUR_S * 500)  # as if half the window had passed
    receipt = store.comments.accept(arrival_of(comment_of("c3"), limits=limits))
    assert receipt.allowances[0].remaining == 0
    with pytest.raises(RateLimited):
        store.comments.accept(arrival_of(comment_of("c4"), limits=limits))


def test_a_reply_stands_under_its_parent_and_root(store: Store) -> None:
    publish(store, "a")
    publish(store, "b", parent="a")
    record = publish(store, "c", parent="b")
    assert (record.comment.parent, record.root) == ("b", "a")


def test_an_unknown_parent_is_refused(store: Store) -> None:
    with pytest.raises(ParentUnknown):
        bring(store, "reply", parent="nobody")


@pytest.mark.parametrize("status", [s for s in Status if s is not Status.APPROVED])
def test_a_parent_that_is_not_approved_is_refused(store: Store, status: Status) -> None:
    bring(store, "a")
    if status is not Status.RECEIVED:
        settle_all(store, Action.APPROVE)
        decide(store, "a", status)
    with pytest.raises(ParentUnknown):
        bring(store, "reply", parent="a")


def test_a_parent_on_another_page_is_refused(store: Store) -> None:
    publish(store, "a")
    with pytest.raises(ParentUnknown):
        bring(store, "reply", parent="a", page="http://site.test/b")


def test_a_parent_on_the_same_page_spelt_otherwise_is_found(store: Store) -> None:
    publish(store, "a")
    assert bring(store, "reply", parent="a", page="HTTP://SITE.test/a/#top").comment_id == "reply"


def test_replies_end_at_the_deepest_level(store: Store) -> None:
    publish(store, "c0")
    for depth in range(1, MAX_DEPTH + 1):
        publish(store, f"c{depth}", parent=f"c{depth - 1}")
    with pytest.raises(ThreadTooDeep):
        bring(store, "too-deep", parent=f"c{MAX_DEPTH}")


def test_only_the_first_of_a_rush_rings_the_bell(store: Store) -> None:
    assert [bring(store, f"c{n}").must_ring for n in range(5)] == [True] + [False] * 4


def test_the_bell_can_ring_again_once_a_worker_came(store: Store) -> None:
    bring(store, "c1")
    store.inbox.clear_bell("demo")
    assert bring(store, "c2").must_ring


def test_a_lost_bell_expires(store: Store) -> None:
    bring(store, "c1")
    assert 0 < int(raw(store).pttl(DEMO.bell)) <= 15_000


def test_two_sites_never_meet(store: Store) -> None:
    from service.store.sites import Site

    store.sites.create(Site("other"))
    bring(store, "c1")
    receipt = store.comments.accept(arrival_of(comment_of("c1", site="other"), limits=WIDE))
    assert not receipt.is_replay
    assert store.inbox.depth("demo") == store.inbox.depth("other") == 1
    assert store.comments.get("other", "c1").comment.page == PAGE
