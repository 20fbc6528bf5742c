"""The queue drives the blog: held comments, decisions both ways, corrections that teach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from rq import Queue
from rq.serializers import JSONSerializer

from service.moderation.verdict import Status
from service.remote.guarded import AddressForbidden, PostFailed, is_private_by_name, post_json
from service.store.doorbell import CALL_BACK_TASK, MAINTENANCE_QUEUE
from service.store.learning.learned import Learned
from service.store.sites import Scope
from service.store.upkeep.verify import Verifier
from service.store.webhooks.callbacks import MOST_TRIES, result_of
from tests.api.house import ORIGIN, PAGE, Clock, House, bearer, json_of, thread_url
from tests.compat.akismet import GUID, HELD, RECHECK, Blog, blog_of
from tests.compat.webhook import PLAIN_PATH, Webhook, webhook
from workers.call_back import Caller, refused_in
from workers.learn import Pupil
from workers.sweep import ring_to_call_back_where_due

ORDINARY = "Une remarque tout à fait ordinaire sur cet article."


@pytest.fixture(scope="module")
def served() -> Iterator[Webhook]:
    with webhook() as here:
        yield here


@pytest.fixture
def wordpress(house: House, served: Webhook) -> Webhook:
    """A blog whose origin is one of the site's."""
    served.told.clear()
    served.requests.clear()
    served.status, served.location, served.key = 200, "", ""
    served.lost.clear()
    house.change_site(origins=(ORIGIN, served.origin))
    return served


def caller_of(house: House, clock: Clock | None = None) -> Caller:
    services = house.services
    return Caller(
        services.store.callbacks,
        services.store.door_keys,
        services.store.sites,
        services.settings,
        clock or services.clock,
    )


def tell(house: House, clock: Clock | None = None) -> int:
    """Do what the task does."""
    return caller_of(house, clock).call("demo")


def held_at(house: House, wordpress: Webhook) -> tuple[Blog, str]:
    blog = blog_of(house)
    answer = blog.check(HELD, callback=wordpress.url)
    assert (answer.data, RECHECK in answer.headers) == (b"false", True)
    return blog, answer.headers[GUID]


def decide(house: House, comment_id: str, action: str) -> None:
    key = house.key(Scope.MODERATE)
    assert house.decide(key, id=comment_id, action=action).status_code == 200


def test_what_is_held_waits_in_the_queue_and_nothing_is_posted_yet(
    house: House, wordpress: Webhook
) -> None:
    _, guid = held_at(house, wordpress)
    listed = house.client.get("/v1/moderation/queue", headers=bearer(house.key(Scope.MODERATE)))
    (comment,) = json_of(listed)["comments"]
    assert (comment["id"], comment["origin"]) == (guid, "akismet")
    assert (comment["email"], comment["ip"]) == ("zoe@example.org", "192.0.2.7")
    assert tell(house) == 0


def test_the_blog_is_told_as_often_as_the_moderator_changes_her_mind(
    house: House, wordpress: Webhook
) -> None:
    blog, guid = held_at(house, wordpress)
    for action in ("approve", "spam", "approve", "reject"):
        decide(house, guid, action)
        assert tell(house) == 1
        assert tell(house) == 0
    house.client.post(
        "/v1/moderation/undo", json={"id": guid}, headers=bearer(house.key(Scope.MODERATE))
    )
    assert tell(house) == 1
    assert wordpress.told == [
        (guid, result) for result in ("false", "true", "false", "true", "false")
    ]
    headers, body = wordpress.requests[0]
    assert (body["key"], body["endpoint"]) == (blog.key, "comment-check")
    assert headers["X-Akismet-Webhook"] == "1"
    assert "zoe@example.org" not in str(body)


def test_the_plugin_from_5_5_on_is_called_as_its_callback_wants(
    house: House, wordpress: Webhook
) -> None:
    """The fields are those that the plugin, 5.7, sends beside the comment."""
    blog = blog_of(house)
    wordpress.key = blog.key
    answer = blog.check(
        HELD,
        callback=f"{wordpress.origin}{PLAIN_PATH}",
        blog_lang="fr_FR",
        blog_charset="UTF-8",
        comment_post_modified_gmt="2026-11-26 08:00:00",
        comment_parent="0",
        akismet_comment_nonce="inactive",
        REMOTE_ADDR="192.0.2.7",
        REQUEST_URI="/wp-comments-post.php",
        HTTP_USER_AGENT="Mozilla/5.0",
        POST_ak_js="1795718400000",
        POST_ak_hp_textarea="",
        POST_comment_post_ID="1",
    )
    assert (answer.status_code, answer.data) == (200, b"false")
    assert int(answer.headers[RECHECK]) > 0
    assert not [name for name, _ in answer.headers if name.lower().startswith("x-akismet-alert")]
    guid = answer.headers[GUID]
    decide(house, guid, "spam")
    assert tell(house) == 1
    headers, body = wordpress.requests[0]
    assert body == {
        "key": blog.key,
        "endpoint": "comment-check",
        "comments": [{"guid": guid, "result": "true"}],
    }
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Akismet-Webhook"] == "1"


def test_a_blog_that_has_lost_a_comment_is_not_asked_again_and_an_operator_hears_of_it(
    house: House, wordpress: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    _, guid = held_at(house, wordpress)
    wordpress.lost.add(guid)
    decide(house, guid, "spam")
    assert tell(house) == 1
    assert "a blog did not take what became of some comments" in caplog.text
    assert not house.services.store.callbacks.are_due("demo", 2**52)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b"null", b"<html>", b'{"comments": []}', b'{"comments": {"a": 1}}',
        b'{"comments": {"a": {"status": ["error"]}}}', b'{"comments": "x"}', b"\xff",
    ],
)  # fmt: skip
def test_an_answer_of_another_shape_says_nothing_against_us(body: bytes) -> None:
    assert refused_in(body) == frozenset()


def test_only_the_last_of_several_changes_is_told_and_none_that_is_no_news(
    house: House, wordpress: Webhook
) -> None:
    _, guid = held_at(house, wordpress)
    for action in ("spam", "approve"):
        decide(house, guid, action)
    assert tell(house) == 1
    assert wordpress.told == [(guid, "false")]
    decide(house, guid, "approve")
    assert tell(house) == 0


def test_what_was_published_is_taken_away_when_it_goes_back_to_the_queue(
    house: House, wordpress: Webhook
) -> None:
    answer = blog_of(house).check(ORDINARY, callback=wordpress.url)
    decide(house, answer.headers[GUID], "hold")
    assert tell(house) == 1
    decide(house, answer.headers[GUID], "approve")
    assert tell(house) == 1
    assert [result for _, result in wordpress.told] == ["true", "false"]


def test_results_are_what_a_blog_can_make_of_a_status() -> None:
    assert result_of(Status.HELD, "") == ""
    assert result_of(Status.HELD, "true") == ""
    assert result_of(Status.DELETED, "false") == "true"
    assert result_of(Status.APPROVED, "false") == ""


def test_a_decision_wakes_a_worker_once_and_the_sweep_wakes_it_where_nobody_did(
    house: House, wordpress: Webhook
) -> None:
    _, guid = held_at(house, wordpress)
    decide(house, guid, "approve")
    decide(house, guid, "spam")
    store, doorbell = house.services.store, house.services.doorbell
    later = Queue(
        MAINTENANCE_QUEUE, connection=doorbell._later.connection, serializer=JSONSerializer
    )
    assert [(job.func_name, job.args) for job in later.get_jobs()] == [(CALL_BACK_TASK, ["demo"])]
    store.callbacks.clear_bell("demo")
    ring = ring_to_call_back_where_due
    assert ring(store.sites, store.callbacks, doorbell, house.services.clock()) == 1
    tell(house)
    assert ring(store.sites, store.callbacks, doorbell, house.services.clock()) == 0


def test_a_blog_that_is_down_is_called_again_and_again_for_a_day(
    house: House, wordpress: Webhook
) -> None:
    _, guid = held_at(house, wordpress)
    decide(house, guid, "spam")
    clock = house.stop_the_clock()
    began = clock.now
    wordpress.status = 503
    assert tell(house, clock) == 0
    assert tell(house, clock) == 0
    assert len(wordpress.requests) == 1
    clock.now += 60
    wordpress.status = 200
    assert tell(house, clock) == 1
    decide(house, guid, "approve")
    wordpress.status = 503
    for _ in range(MOST_TRIES + 3):
        clock.now += 4 * 3600
        tell(house, clock)
    assert len(wordpress.requests) == 2 + MOST_TRIES
    assert clock.now - began > 86_400
    assert not house.services.store.callbacks.are_due("demo", int(clock.now * 2000))


def test_a_change_while_a_call_is_out_is_told_by_the_next(house: House, wordpress: Webhook) -> None:
    _, guid = held_at(house, wordpress)
    decide(house, guid, "spam")
    callbacks, now_ms = house.services.store.callbacks, int(house.services.clock() * 1000)
    (due,) = callbacks.take("demo", now_ms, 10) or []
    decide(house, guid, "approve")
    callbacks.note_told("demo", due)
    assert tell(house) == 1
    assert wordpress.told == [(guid, "false")]


@pytest.mark.parametrize(
    "callback",
    [
        "http://elsewhere.test/hook",
        "http://169.254.169.254/latest",
        "http://site.test@evil.test/",
        "http://site.test:81/",
        "https://site.test/",
        "file:///etc/passwd",
        "//site.test/",
        "http://[",
    ],
)
def test_nobody_but_the_sites_own_origins_is_ever_called(house: House, callback: str) -> None:
    guid = blog_of(house).check(HELD, callback=callback).headers[GUID]
    decide(house, guid, "spam")
    assert not house.services.store.callbacks.are_due("demo", 2**52)


def test_an_origin_that_is_no_longer_the_sites_and_a_revoked_key_end_the_calls(
    house: House, wordpress: Webhook
) -> None:
    _, guid = held_at(house, wordpress)
    decide(house, guid, "spam")
    house.change_site(origins=(ORIGIN,))
    assert tell(house) == 0
    house.change_site(origins=(ORIGIN, wordpress.origin))
    decide(house, guid, "approve")
    store = house.services.store
    store.door_keys.revoke("demo", store.door_keys.of_site("demo")[0].id)
    assert tell(house) == 0
    assert wordpress.requests == []
    assert not store.callbacks.are_due("demo", 2**52)


def test_a_blog_whose_key_was_rotated_is_called_with_the_one_it_knows(
    house: House, wordpress: Webhook
) -> None:
    blog, guid = held_at(house, wordpress)
    keys = house.services.store.door_keys
    [old] = keys.of_site("demo")
    _, new = keys.rotate("demo", old.id, 3600)
    wordpress.key = blog.key
    decide(house, guid, "spam")
    assert tell(house) == 1
    assert [body["key"] for _, body in wordpress.requests] == [new, blog.key]
    wordpress.key = new
    keys.revoke("demo", old.id)
    decide(house, guid, "approve")
    assert tell(house) == 1
    assert wordpress.told == [(guid, "true"), (guid, "false")]


def test_a_redirect_is_not_followed(house: House, wordpress: Webhook) -> None:
    _, guid = held_at(house, wordpress)
    decide(house, guid, "spam")
    wordpress.status, wordpress.location = 307, f"{wordpress.origin}/elsewhere"
    assert tell(house) == 0
    assert len(wordpress.requests) == 1


def test_public_names_lead_to_no_private_address(
    monkeypatch: pytest.MonkeyPatch, served: Webhook
) -> None:
    served.status, port = 200, int(served.origin.rpartition(":")[2])
    for address in ("127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1"):
        entry = [(2, 1, 6, "", (address, port))]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_a, entry=entry, **_m: entry)
        with pytest.raises(AddressForbidden):
            post_json(f"http://blog.example.org:{port}/", {}, {}, 2.0)
    entry = [(2, 1, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_m: entry)
    reply = post_json(
        f"http://blog.example.org:{port}/wp-json/akismet/v1/webhook",
        {"comments": []},
        {},
        2.0,
        may_be_private=True,
    )
    assert reply.status == 200
    assert served.requests[-1][0]["Host"] == f"blog.example.org:{port}"


def test_names_that_can_only_be_near_may_be_private() -> None:
    for name in ("wordpress", "localhost", "10.0.0.7", "::1", "blog.internal", "blog.local."):
        assert is_private_by_name(name), name
    for name in ("blog.example.org", "site.test", "localhost.example.org"):
        assert not is_private_by_name(name), name
    with pytest.raises(PostFailed):
        post_json("gopher://localhost/", {}, {}, 1.0)


def test_a_comment_that_is_asked_about_again_is_answered_as_it_stands(
    house: House, wordpress: Webhook
) -> None:
    blog, guid = held_at(house, wordpress)
    again = blog.check(HELD, recheck_reason="recheck_queue", callback=wordpress.url)
    assert (again.data, again.headers[GUID]) == (b"false", guid)
    assert RECHECK in again.headers
    decide(house, guid, "spam")
    again = blog.check(HELD, recheck_reason="recheck_queue")
    assert (again.data, again.headers[GUID]) == (b"true", guid)
    assert house.stored() == 1


def test_corrections_decide_on_the_comment_that_was_checked_and_teach(house: House) -> None:
    blog = blog_of(house)
    guid = blog.check("Il dit &#8220;bonjour&#8221; <b>à tous</b>.").headers[GUID]
    answer = blog.call(
        "/1.1/submit-spam",
        comment_content="Il dit &#8220;bonjour&#8221; à tous.",
        comment_ID="7",
        comment_check_response="false",
        reporter="admin",
    )
    assert answer.data == b"Thanks for making the web a better place."
    record = house.record(guid)
    assert record.status is Status.SPAM
    assert record.decision is not None
    assert record.decision.actor.startswith("key:")
    learned = house.services.store.learned
    assert study(house) == 1
    assert learned.state("demo").lessons == 1
    blog.call("/1.1/submit-spam", comment_content="Il dit &#8220;bonjour&#8221; à tous.")
    assert learned.waiting("demo", 10) == []
    blog.call("/1.1/submit-ham", comment_content="Il dit &#8220;bonjour&#8221; à tous.")
    assert house.record(guid).status is Status.APPROVED
    assert house.stored() == 1


def study(house: House) -> int:
    store = house.services.store
    learned: Learned = store.learned
    return Pupil(learned, store.comments).study("demo")


def test_a_correction_is_not_posted_back_to_who_made_it(house: House, wordpress: Webhook) -> None:
    blog, guid = held_at(house, wordpress)
    blog.call("/1.1/submit-ham", comment_content=HELD)
    assert house.record(guid).status is Status.APPROVED
    assert tell(house) == 0
    decide(house, guid, "spam")
    assert tell(house) == 1
    assert wordpress.told == [(guid, "true")]


def test_a_correction_of_a_comment_nobody_knows_is_kept_judged_and_learned(house: House) -> None:
    house.change_site(akismet_only_checks=True)
    blog = blog_of(house)
    blog.call("/1.1/submit-spam", comment_content=ORDINARY)
    assert house.stored() == 1
    assert study(house) == 1
    (comment_id,) = house.services.store.learned.lessons("demo")
    record = house.record(comment_id)
    assert (record.status, record.origin) == (Status.SPAM, "akismet")
    assert record.verdict is not None


def test_a_site_that_has_comments_checked_only_keeps_none_and_knows_its_copies(
    house: House,
) -> None:
    house.change_site(akismet_only_checks=True)
    blog = blog_of(house)
    held = blog.check(HELD, callback=f"{ORIGIN}/hook")
    assert (held.data, RECHECK in held.headers) == (b"false", False)
    assert house.stored() == 0
    text = "Venez voir notre grande braderie de printemps, avec " + "des prix doux " * 6
    for number in range(6):
        blog.check(
            text,
            permalink=f"{ORIGIN}/{number}",
            comment_author_email=f"a{number}@example.org",
            user_ip=f"198.51.100.{number}",
        )
    assert len(house.services.store.inbox.recent("demo").ids) == 7
    assert blog.check(text, permalink=f"{ORIGIN}/x", user_ip="203.0.113.1").data == b"true"


def test_a_flood_from_one_address_is_noticed(house: House) -> None:
    house.change_site(limits=replace_limit(house, 3))
    blog = blog_of(house)
    last = [blog.check(f"{ORDINARY} {n}").headers[GUID] for n in range(5)][-1]
    codes = {
        evidence.code
        for signal in house.record(last).verdict.signals  # type: ignore[union-attr]
        for evidence in signal.evidence
    }
    assert "flood.ip" in codes


def replace_limit(house: House, burst: int) -> dict[str, object]:
    limits = house.services.store.sites.get("demo").site.limits
    return {**limits, "ip": replace(limits["ip"], burst=burst)}


def test_what_comes_by_this_door_stands_in_no_public_thread(house: House) -> None:
    blog = blog_of(house)
    guid = blog.check(ORDINARY, comment_type="contact-form").headers[GUID]
    assert house.record(guid).status is Status.APPROVED
    assert house.thread()["comments"] == []
    refused = house.post_as_server(parent=guid)
    assert refused.status_code == 422
    decide(house, guid, "spam")
    decide(house, guid, "approve")
    assert json_of(house.client.get(thread_url(PAGE)))["comments"] == []


def test_the_banned_are_refused_and_not_told_why(house: House) -> None:
    blog = blog_of(house)
    assert blog.check(ORDINARY).data == b"false"
    guid = blog.check(f"{ORDINARY} Bis.").headers[GUID]
    ban = {"by": "email", "comment": guid, "reason": ""}
    key = bearer(house.key(Scope.MODERATE))
    made = house.client.post("/v1/moderation/bans", json=ban, headers=key)
    assert made.status_code == 201, made.json
    assert blog.check(f"{ORDINARY} Ter.").data == b"true"


def test_a_verification_finds_nothing_wrong_with_what_came_by_this_door(house: House) -> None:
    blog = blog_of(house)
    for content in (ORDINARY, HELD):
        blog.check(content, callback=f"{ORIGIN}/hook")
    store = house.services.store
    assert Verifier(store.client).verify("demo").findings == {}
    Verifier(store.client, is_whole=True).verify("demo")
    assert house.thread()["comments"] == []
