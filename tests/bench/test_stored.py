"""The benchmark of growing stores, made short: what it writes is what the service would."""

from __future__ import annotations

from pathlib import Path

from bench import stored
from bench.site import SITE
from bench.stored import BUSY, STEPS, Plan, filled
from service.store.keys import SiteKeys
from service.store.paging import Order
from service.store.upkeep.verify import Verifier
from tests.store.index_checker import assert_indexed


def test_cloned_comments_stand_in_every_index_and_counter(tmp_path: Path) -> None:
    with filled(tmp_path, 1_500) as made:
        store = made.store
        keys = SiteKeys(SITE)
        ids = [key.decode() for key in store.client.hkeys(keys.facets)]  # type: ignore[union-attr]
        assert len(ids) >= 1_500
        assert_indexed(store, SITE, ids)
        assert Verifier(store.client).verify(SITE).findings == {}
        thread = store.threads.read(SITE, BUSY, Order.NEWEST, 20, "")
        assert len(thread.nodes) == 20
        assert all(node.record.comment.page == BUSY for node in thread.nodes)


def test_every_step_is_taken_on_every_store() -> None:
    plan = Plan((300,), rounds=1, times=3)
    found = stored.run(plan, lambda _: None)
    assert all(each.ms[step][0] > 0 for each in found for step in STEPS)
    text = stored.text_of(found, plan)
    assert "decide: 300 ÷ 300" in text
