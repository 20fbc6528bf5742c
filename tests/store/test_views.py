"""Saved views: somebody's own, named, and not without end."""

from __future__ import annotations

import pytest

from service.store.queue.views import MOST_VIEWS, TooManyViews, View, ViewInvalid
from service.store.store import Store


def test_views_are_kept_by_name_for_one_person(store: Store) -> None:
    store.views.save("mo", View("Threats", "attribute=threat&least=0.8"))
    store.views.save("mo", View("été", "lang=fr"))
    store.views.save("mo", View("Threats", "attribute=threat"))
    assert store.views.views("mo") == [View("Threats", "attribute=threat"), View("été", "lang=fr")]
    assert store.views.views("somebody") == []
    store.views.forget("mo", "Threats")
    store.views.forget("mo", "never saved")
    assert store.views.views("mo") == [View("été", "lang=fr")]


@pytest.mark.parametrize(
    "view", [View("", "a=b"), View("  ", "a=b"), View("n" * 61, "a=b"), View("n", "q" * 2001)]
)
def test_a_view_needs_a_short_name_and_a_query_of_some_length(store: Store, view: View) -> None:
    with pytest.raises(ViewInvalid):
        store.views.save("mo", view)
    assert store.views.views("mo") == []


def test_nobody_keeps_more_than_fifty_views_but_may_change_them(store: Store) -> None:
    for number in range(MOST_VIEWS):
        store.views.save("mo", View(f"view {number}", ""))
    with pytest.raises(TooManyViews):
        store.views.save("mo", View("one more", ""))
    store.views.save("mo", View("view 3", "lang=fr"))
    assert len(store.views.views("mo")) == MOST_VIEWS
