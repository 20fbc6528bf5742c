"""Approved threads: nesting, order, cursors, counts, caching."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from config.settings import Settings
from service.app import create_app
from service.store.sites import Scope
from tests.api.house import (
    NAMELESS_ID,
    ORIGIN,
    PAGE,
    House,
    assert_problem,
    bearer,
    comment_fields,
    errors_of,
    json_of,
    pipeline,
    thread_url,
)

COUNTS = "/v1/sites/demo/counts"


@pytest.fixture
def roomy(house: House) -> House:
    """A site without limits, whose comments are published as they come."""
    house.change_site(limits={})
    return house


def publish_many(house: House, count: int, **more: Any) -> list[str]:
    """Publish comments a second apart, and return their ids, oldest first."""
    key = house.key(Scope.SUBMIT)
    ids = []
    for number in range(count):
        fields = comment_fields(
            content=f"Avis numéro {number} sur la question.",
            email=f"reader{number}@example.org",
            submitted_at=1_700_000_000 + number,
            is_staff=True,
            **more,
        )
        ids.append(str(json_of(house.post_as_server(key, **fields))["id"]))
    house.drain()
    return ids


def walk(house: House, url: str, **query: Any) -> Iterator[dict[str, Any]]:
    """Yield every answer from the first to the last, by its `next`."""
    answer = json_of(house.client.get(url, query_string=query))
    yield answer
    while answer["next"]:
        answer = json_of(house.client.get(answer["next"]))
        yield answer


def ids_in(comments: list[dict[str, Any]]) -> list[str]:
    return [comment["id"] for comment in comments]


def test_only_approved_comments_are_shown(roomy: House) -> None:
    shown = roomy.publish()
    for action in ("hold", "reject", "spam", "delete"):
        hidden = roomy.publish(content=f"Un autre avis, {action}.")
        roomy.decide(roomy.key(Scope.MODERATE), id=hidden, action=action)
    roomy.post(content="Pas encore vu.")
    found = roomy.thread()
    assert ids_in(found["comments"]) == [shown]
    assert found["count"] == 1


def test_a_page_nobody_commented_is_an_empty_thread(house: House) -> None:
    found = house.thread("http://site.test/quiet")
    assert (found["comments"], found["count"], found["next"]) == ([], 0, None)


def test_replies_nest_below_what_they_answer(roomy: House) -> None:
    root = roomy.publish(content="La première.")
    reply = roomy.publish(content="Une réponse.", parent=root)
    answer = roomy.publish(content="Une réponse à la réponse.", parent=reply)
    other = roomy.publish(content="Une autre réponse.", parent=root)
    (found,) = roomy.thread()["comments"]
    assert found["id"] == root
    assert found["parent"] is None
    assert ids_in(found["replies"]) == [reply, other]
    assert ids_in(found["replies"][0]["replies"]) == [answer]
    assert found["replies"][0]["replies"][0]["parent"] == reply
    assert roomy.thread()["count"] == 4


def test_replies_end_at_a_depth(roomy: House) -> None:
    parent = roomy.publish()
    for _ in range(12):
        parent = roomy.publish(parent=parent, content="Encore une réponse plus bas.")
    assert list(errors_of(roomy.post_as_server(parent=parent))) == ["parent"]


def test_a_reply_to_a_hidden_comment_is_refused(roomy: House) -> None:
    root = roomy.publish()
    roomy.decide(roomy.key(Scope.MODERATE), id=root, action="hold")
    assert list(errors_of(roomy.post_as_server(parent=root))) == ["parent"]


def test_newest_first_unless_oldest_is_asked(roomy: House) -> None:
    ids = publish_many(roomy, 3)
    assert ids_in(roomy.thread()["comments"]) == ids[::-1]
    assert ids_in(roomy.thread(order="newest")["comments"]) == ids[::-1]
    assert ids_in(roomy.thread(order="oldest")["comments"]) == ids


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_the_walk_by_cursor_shows_every_comment_once(roomy: House, order: str) -> None:
    ids = publish_many(roomy, 23)
    pages = list(walk(roomy, thread_url(PAGE), order=order, limit=5))
    assert [len(page["comments"]) for page in pages] == [5, 5, 5, 5, 3]
    seen = [each for page in pages for each in ids_in(page["comments"])]
    assert seen == (ids if order == "oldest" else ids[::-1])


def test_the_walk_loses_nothing_when_many_have_the_same_time(roomy: House) -> None:
    key = roomy.key(Scope.SUBMIT)
    ids = {
        json_of(roomy.post_as_server(key, submitted_at=1_700_000_000, is_staff=True))["id"]
        for _ in range(11)
    }
    roomy.drain()
    pages = list(walk(roomy, thread_url(PAGE), limit=3))
    seen = [each for page in pages for each in ids_in(page["comments"])]
    assert len(seen) == 11
    assert set(seen) == ids


def test_the_walk_survives_what_comes_and_goes_meanwhile(roomy: House) -> None:
    ids = publish_many(roomy, 9)
    walking = walk(roomy, thread_url(PAGE), limit=3)
    seen = ids_in(next(walking)["comments"])
    roomy.decide(roomy.key(Scope.MODERATE), id=ids[8], action="reject")
    roomy.publish(content="Arrivé pendant la lecture.")
    for page in walking:
        seen += ids_in(page["comments"])
    assert seen == ids[::-1]


def test_more_replies_than_an_answer_carries_have_an_address(roomy: House) -> None:
    (root,) = publish_many(roomy, 1)
    replies = publish_many(roomy, 103, parent=root)
    (found,) = roomy.thread()["comments"]
    assert ids_in(found["replies"]) == replies[:100]
    seen: list[str] = []
    cursor = ""
    while True:
        answer = json_of(
            roomy.client.get(found["more_replies"], query_string={"limit": 40, "cursor": cursor})
        )
        seen += ids_in(answer["comments"])
        if not answer["next"]:
            break
        cursor = answer["next"]
    assert seen == replies


def test_an_etag_saves_reading_the_same_again(roomy: House) -> None:
    roomy.publish()
    first = roomy.client.get(thread_url(PAGE))
    etag = first.headers["ETag"]
    assert "no-cache" in first.headers["Cache-Control"]
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        again = roomy.client.get(thread_url(PAGE), headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == etag
    for unknown in ('"x"', "", etag[:-2] + '"'):
        again = roomy.client.get(thread_url(PAGE), headers={"If-None-Match": unknown})
        assert again.status_code == 200
        assert again.data == first.data


def test_each_slice_has_its_own_etag(roomy: House) -> None:
    publish_many(roomy, 3)
    queries: list[dict[str, Any]] = [
        {},
        {"order": "oldest"},
        {"limit": 1},
        {"limit": 1, "cursor": "1700000002000-1"},
    ]
    tags = {
        roomy.client.get(thread_url(PAGE), query_string=query).headers["ETag"] for query in queries
    }
    assert len(tags) == len(queries)


@pytest.mark.parametrize("action", ["hold", "reject", "spam", "delete"])
def test_the_cache_never_serves_what_a_decision_removed(roomy: House, action: str) -> None:
    key = roomy.key(Scope.MODERATE)
    comment_id = roomy.publish()
    tags = set()
    for _ in range(3):
        shown = roomy.client.get(thread_url(PAGE))
        assert ids_in(json_of(shown)["comments"]) == [comment_id]
        tags.add(shown.headers["ETag"])
        roomy.decide(key, id=comment_id, action=action)
        hidden = roomy.client.get(
            thread_url(PAGE), headers={"If-None-Match": shown.headers["ETag"]}
        )
        assert hidden.status_code == 200
        assert json_of(hidden)["comments"] == []
        tags.add(hidden.headers["ETag"])
        roomy.decide(key, id=comment_id, action="approve")
    assert len(tags) == 6


def test_a_new_reply_shows_at_once(roomy: House) -> None:
    root = roomy.publish()
    assert roomy.thread()["comments"][0]["replies"] == []
    reply = roomy.publish(parent=root, content="Une réponse tardive.")
    assert ids_in(roomy.thread()["comments"][0]["replies"]) == [reply]


def test_the_cache_of_one_page_is_not_that_of_another(roomy: House) -> None:
    first = roomy.publish(page="http://site.test/1")
    second = roomy.publish(page="http://site.test/2")
    for _ in range(2):
        assert ids_in(roomy.thread("http://site.test/1")["comments"]) == [first]
        assert ids_in(roomy.thread("http://site.test/2")["comments"]) == [second]


def test_two_services_do_not_share_a_cache(roomy: House, settings: Settings) -> None:
    """Two stores give their first comment's page the same version."""
    comment_id = roomy.publish()
    roomy.thread()
    elsewhere = replace(settings, redis_url=settings.queue_url, queue_url=settings.redis_url)
    other = House(create_app(elsewhere))
    other.replace(pipeline=pipeline)
    other.add_site("demo", origins=(ORIGIN,))
    new_id = other.publish()
    assert ids_in(other.thread()["comments"]) == [new_id] != [comment_id]
    other.services.store.client.close()


PAGES = [
    "http://site.test/a?id=5&lang=fr",
    "http://site.test/été/Straße?q=caf%C3%A9",
    "http://site.test/a%20b%2Fc",
    "https://site.test:8443/x;y=1",
    "/blog/2024/05/un-article/",
    "//odd",
    "article-17",
    "数据/五",
    "a?b#c",
    "post 17 & more",
    "comments",
    "x/comments",
]


@pytest.mark.parametrize("page", PAGES)
def test_any_page_that_can_be_commented_can_be_read_by_its_link(roomy: House, page: str) -> None:
    posted = json_of(roomy.post_as_server(page=page, is_staff=True))
    roomy.drain()
    found = json_of(roomy.client.get(posted["links"]["page"]))
    assert ids_in(found["comments"]) == [posted["id"]]
    assert found["page"] == page


@pytest.mark.parametrize(
    "path",
    [
        "http://site.test/a",
        "http:/site.test/a",
        "http%3A//site.test/a",
        "http%3A%2F%2Fsite.test%2Fa",
        "HTTP%3A%2F%2FSITE.test%2Fa%2F",
        "http%3A%2F%2Fsite.test%2Fa%23part",
        "http%3A%2F%2Fsite.test%2Fa%3Futm_source%3Dx",
    ],
)
def test_all_spellings_of_a_page_are_one_page(roomy: House, path: str) -> None:
    comment_id = roomy.publish(page="http://site.test/a")
    found = json_of(roomy.client.get(f"/v1/sites/demo/pages/{path}/comments"))
    assert ids_in(found["comments"]) == [comment_id]


def test_the_query_of_a_page_tells_pages_apart(roomy: House) -> None:
    first = roomy.publish(page="http://site.test/?p=1")
    second = roomy.publish(page="http://site.test/?p=2")
    assert ids_in(roomy.thread("http://site.test/?p=1")["comments"]) == [first]
    assert ids_in(roomy.thread("http://site.test/?p=2")["comments"]) == [second]


def test_a_sites_threads_are_its_own(roomy: House) -> None:
    roomy.publish()
    roomy.add_site("other")
    found = json_of(roomy.client.get(thread_url(PAGE, "other")))
    assert found["comments"] == []
    assert_problem(roomy.client.get(thread_url(PAGE, "nowhere")), 404, "site-unknown")


def test_replies_of_nothing_are_none(house: House) -> None:
    answer = house.client.get(f"/v1/sites/demo/comments/{NAMELESS_ID}/replies")
    assert json_of(answer) == {"comments": [], "next": None}


def test_many_pages_are_counted_at_once_by_get_and_by_post(roomy: House) -> None:
    publish_many(roomy, 3)
    publish_many(roomy, 2, page="/blog/été")
    pages = [PAGE, "/blog/été", "http://site.test/quiet"]
    expected = {"counts": {PAGE: 3, "/blog/été": 2, "http://site.test/quiet": 0}}
    assert json_of(roomy.client.get(COUNTS, query_string={"page": pages})) == expected
    assert json_of(roomy.client.post(COUNTS, json={"pages": pages})) == expected


def test_a_hundred_pages_may_be_counted_and_no_more(house: House) -> None:
    pages = [f"p{number}" for number in range(101)]
    answer = house.client.post(COUNTS, json={"pages": pages[:100]})
    assert len(json_of(answer)["counts"]) == 100
    assert list(errors_of(house.client.post(COUNTS, json={"pages": pages}))) == ["pages"]


def test_counts_follow_decisions(roomy: House) -> None:
    comment_id = roomy.publish()
    roomy.decide(roomy.key(Scope.MODERATE), id=comment_id, action="spam")
    counted = json_of(roomy.client.get(COUNTS, query_string={"page": PAGE}))
    assert counted == {"counts": {PAGE: 0}}


def test_a_key_is_not_needed_and_does_no_harm(roomy: House) -> None:
    answer = roomy.client.get(thread_url(PAGE), headers=bearer(roomy.key()))
    assert answer.status_code == 200
