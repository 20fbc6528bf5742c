"""What a site knows of an author, and whom its moderators trust."""

from __future__ import annotations

import pytest

from service.moderation.comment import Facts
from service.moderation.verdict import Action, Status
from service.store import authors
from service.store.authors import Standing, TrustedFull
from service.store.store import Store
from tests.store.shelf import DEMO, bring, decide, publish, raw, settle_all

MO = "account:mo"


def audited(store: Store) -> list[tuple[bytes, bytes]]:
    entries = raw(store).xrange(DEMO.audit)
    return [(fields[b"kind"], fields[b"actor"]) for _, fields in entries if b"author" in fields]


def test_a_record_counts_what_was_approved_and_refused(store: Store) -> None:
    publish(store, "a", submitted_at=5.0)
    publish(store, "b", submitted_at=6.0)
    bring(store, "c", submitted_at=7.0)
    settle_all(store, Action.SPAM)
    assert store.authors.standing("demo", "claire") == Standing(2, 1, 5_000)
    decide(store, "b", Status.HELD)
    assert store.authors.standing("demo", "claire") == Standing(1, 1, 5_000)


def test_a_held_comment_counts_as_seen(store: Store) -> None:
    bring(store, "a", submitted_at=5.0)
    settle_all(store, Action.HOLD)
    assert store.authors.standing("demo", "claire") == Standing(0, 0, 5_000)


def test_nobody_s_record_is_empty(store: Store) -> None:
    assert store.authors.standing("demo", "nobody") == Standing()
    assert store.authors.standing("demo", "") == Standing()


def test_trust_is_kept_listed_audited_and_taken_back(store: Store) -> None:
    store.authors.trust("demo", "claire", MO, 5, label="Claire")
    store.authors.trust("demo", "zoe", MO, 6)
    store.authors.trust("demo", "claire", MO, 7, label="Claire B.")
    listed = [(each.author_key, each.label, each.at_ms) for each in store.authors.trusted("demo")]
    assert listed == [("claire", "Claire B.", 7), ("zoe", "", 6)]
    assert store.authors.standing("demo", "claire").is_trusted
    for _ in range(2):
        store.authors.distrust("demo", "claire", MO, 8)
    assert not store.authors.standing("demo", "claire").is_trusted
    assert audited(store) == [
        (b"trust", b"account:mo"), (b"trust", b"account:mo"), (b"distrust", b"account:mo"),
    ]  # fmt: skip


def test_workers_know_whom_the_moderators_trust(store: Store) -> None:
    store.authors.trust("demo", "claire", MO, 5)
    bring(store, "a")
    bring(store, "b", author_key="zoe")
    bring(store, "c", author_key="")
    pending = store.inbox.load("demo", store.inbox.take("demo", "w", 9), Facts())
    assert [item.case.facts.is_trusted for item in pending] == [True, False, False]


def test_a_site_trusts_so_many_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authors, "MOST_TRUSTED", 1)
    store.authors.trust("demo", "claire", MO, 5)
    store.authors.trust("demo", "claire", MO, 6)
    with pytest.raises(TrustedFull):
        store.authors.trust("demo", "zoe", MO, 7)
