"""Webhooks told by a worker over real HTTP: what they hear, signed, at least once."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import WebhookVerificationError

from service.store.keys import SiteKeys
from service.store.reported import ReportReason
from service.store.reports import Reporting
from service.store.sites import Scope
from service.store.webhooks.deliveries import (
    LEASE_MS,
    LONGEST_ASKED_S,
    PAUSES_S,
    Delivery,
    Happening,
    next_try,
)
from service.store.webhooks.webhooks import OffBecause, TooManyWebhooks, What
from tests.api.house import bearer, json_of
from tests.compat.akismet import HELD, blog_of
from tests.webhooks.conftest import Line
from tests.webhooks.receiver import Received, receiving

DEMO = SiteKeys("demo")
DAY_MS = 86_400_000


def comment(line: Line, **fields: Any) -> str:
    """Bring a comment in and have it judged; return its id."""
    posted = line.house.post_as_server(**fields)
    assert posted.status_code == 202, posted.json
    line.house.drain()
    return str(json_of(posted)["id"])


def undo(line: Line, comment_id: str) -> None:
    line.house.client.post(
        "/v1/moderation/undo",
        json={"id": comment_id},
        headers=bearer(line.house.key(Scope.MODERATE)),
    )


def last(line: Line) -> Received:
    return line.receiver.requests[-1]


def test_every_delivery_is_verified_by_the_reference_library(line: Line) -> None:
    comment(line)
    line.deliver()
    assert sorted(line.receiver.types()) == ["comment.received", "comment.verdict"]
    for each in line.receiver.requests:
        assert each.verified(line.secret) == each.data
        with pytest.raises(WebhookVerificationError):
            each.verified("whsec_" + base64.b64encode(b"x" * 32).decode())


def test_a_comment_is_told_of_through_its_whole_life(line: Line) -> None:
    comment_id = comment(line)
    house = line.house
    house.decide(house.key(), id=comment_id, action="reject", reason="Hors sujet")
    line.deliver()
    undo(line, comment_id)
    line.store.reports.add(
        "demo", comment_id, Reporting("ab", "ab", ReportReason.INSULT), 0.5, 1_790_000_000_000
    )
    line.store.comments.erase(house.record(comment_id), "author")
    line.deliver()
    told = [each.data for each in sorted(line.receiver.requests, key=lambda each: each.id)]
    assert [each["type"] for each in told] == [
        "comment.received", "comment.verdict", "comment.decision", "comment.decision",
        "comment.report", "comment.erased",
    ]  # fmt: skip
    data = [each["data"] for each in told]
    assert [each["comment"]["status"] for each in data] == [
        "received", "approved", "rejected", "approved", "held", "deleted",
    ]  # fmt: skip
    versions = [each["comment"]["version"] for each in data]
    assert versions == sorted(set(versions))
    assert data[1]["verdict"]["from"] == "received"
    assert data[1]["verdict"]["rule"]
    assert data[2]["decision"]["reason"] == "Hors sujet"
    assert data[2]["comment"]["content"] == "Merci pour cet article très clair."
    assert data[3]["decision"]["undoes"]["to"] == "rejected"
    assert data[3]["decision"]["undoes"]["at"] == data[2]["decision"]["at"]
    assert data[4]["report"] == {"reason": "insult", "is_held": True}
    assert "content" not in data[5]["comment"]


def test_no_address_of_an_author_leaves_the_house(line: Line) -> None:
    comment(line, email="very-private@example.org", ip="203.0.113.77")
    line.deliver()
    for each in line.receiver.requests:
        assert b"very-private" not in each.body
        assert b"203.0.113.77" not in each.body


def test_what_is_told_late_has_no_words_of_an_erased_comment(line: Line) -> None:
    comment_id = comment(line, content="Words that must not be told any more, please.")
    line.store.comments.erase(line.house.record(comment_id), "author")
    line.deliver()
    assert len(line.receiver.requests) == 3
    assert not any(b"must not be told" in each.body for each in line.receiver.requests)


def test_what_is_judged_at_a_door_and_kept_is_told_too(line: Line) -> None:
    blog_of(line.house).check(HELD)
    line.deliver()
    told = sorted(line.receiver.requests, key=lambda each: each.id)
    assert [each.type for each in told] == ["comment.received", "comment.verdict"]
    assert told[1].data["data"]["comment"]["status"] == "held"
    assert b"zoe@example.org" not in told[1].body


def test_a_webhook_hears_only_what_it_asked_for(line: Line) -> None:
    with receiving() as other:
        line.add(What.DECISION, url=other.url)
        comment_id = comment(line)
        line.house.decide(line.house.key(), id=comment_id, action="spam")
        line.deliver()
        assert other.types() == ["comment.decision"]
    assert len(line.receiver.requests) == 3


def test_a_site_without_webhooks_writes_no_outbox(line: Line) -> None:
    line.store.webhooks.delete("demo", line.webhook.id, line.by())
    comment(line)
    assert line.store.outbox.depth("demo") == 0


def test_two_secrets_sign_while_they_overlap(line: Line) -> None:
    _, renewed = line.store.webhooks.rotate("demo", line.webhook.id, 3600, line.by())
    comment(line)
    line.deliver()
    for secret in (line.secret, renewed):
        last(line).verified(secret)
    line.clock.now += 3601
    line.receiver.requests.clear()
    comment(line)
    line.deliver()
    assert len(last(line).headers["webhook-signature"].split()) == 1


def test_a_failed_delivery_comes_again_under_the_same_id_and_a_new_time(line: Line) -> None:
    comment(line)
    line.receiver.status = 500
    line.deliver()
    first = {each.id for each in line.receiver.requests}
    assert line.deliver() == 0, "not due yet"
    line.receiver.status = 204
    line.clock.now += PAUSES_S[0]
    line.deliver()
    again = line.receiver.requests[-2:]
    assert {each.id for each in again} == first
    assert int(again[0].headers["webhook-timestamp"]) == int(line.clock())
    assert line.health().waiting == 0
    assert line.health().failures == 0


def test_after_a_day_of_failures_it_is_a_dead_letter_that_can_be_told_again(line: Line) -> None:
    line.receiver.status = 503
    comment(line)
    for pause_s in (0, *PAUSES_S):
        line.clock.now += pause_s + 900
        while line.deliver():
            line.clock.now += 900
    assert line.health().dead == 2
    assert line.health().waiting == 0
    assert sum(PAUSES_S) >= 86_400
    line.receiver.status = 204
    line.receiver.requests.clear()
    assert line.store.deliveries.replay_all("demo", line.webhook, int(line.clock() * 1000)) == 2
    line.deliver()
    assert sorted(line.receiver.types()) == ["comment.received", "comment.verdict"]
    assert line.health().dead == 0


def test_one_that_was_told_can_be_told_again_under_its_id(line: Line) -> None:
    comment(line)
    line.deliver()
    happening = line.store.deliveries.recent("demo", line.webhook)[0].happening
    now_ms = int(line.clock() * 1000)
    assert line.store.deliveries.replay("demo", line.webhook, happening.id, now_ms)
    assert not line.store.deliveries.replay("demo", line.webhook, "1-1", now_ms)
    line.deliver()
    ids = [each.id for each in line.receiver.requests]
    assert len(ids) == 3
    assert ids.count(f"msg_demo_{happening.id}") == 2


def test_a_failing_webhook_rests_and_is_then_tried_one_by_one(line: Line) -> None:
    line.receiver.status = 500
    for _ in range(3):
        comment(line)
    line.deliver()
    assert line.health().failures == 3
    line.receiver.requests.clear()
    line.clock.now += 14
    assert line.deliver() == 0
    line.clock.now += 2
    assert line.deliver() == 1, "one, to see whether it works again"


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_that_asks_for_time_is_left_alone_as_long(line: Line, status: int) -> None:
    comment(line)
    line.receiver.status, line.receiver.retry_after = status, "100"
    line.deliver()
    line.receiver.status = 204
    comment(line)
    line.clock.now += 99
    assert line.deliver() == 0, "not even of what is new"
    line.clock.now += 1
    assert line.deliver() == 4
    assert line.health().waiting == 0


def test_a_receiver_that_names_a_date_is_left_alone_until_then(line: Line) -> None:
    comment(line)
    at = format_datetime(dt.datetime.fromtimestamp(line.clock() + 600, dt.UTC), usegmt=True)
    line.receiver.status, line.receiver.retry_after = 503, at
    line.deliver()
    line.clock.now += 599
    assert line.deliver() == 0
    line.clock.now += 2
    assert line.deliver() == 2


def test_who_asks_for_less_or_by_another_status_is_told_when_we_would(line: Line) -> None:
    comment(line)
    line.receiver.status, line.receiver.retry_after = 429, "1"
    line.deliver()
    line.clock.now += PAUSES_S[0] - 1
    assert line.deliver() == 0
    line.receiver.status, line.receiver.retry_after = 500, "3600"
    line.clock.now += 1
    assert line.deliver() == 2
    line.clock.now += PAUSES_S[1]
    assert line.deliver() == 1, "it has failed often enough to be tried one by one"


def test_a_receiver_that_asks_for_days_is_asked_again_in_an_hour(line: Line) -> None:
    comment(line)
    line.receiver.status, line.receiver.retry_after = 503, "999999"
    line.deliver()
    line.clock.now += LONGEST_ASKED_S
    assert line.deliver() == 2


@given(st.lists(st.integers(0, 10**9)))
def test_whatever_is_asked_a_day_ends_it_and_no_pause_is_shortened(asked: list[int]) -> None:
    delivery, total_s = Delivery(Happening("1-1", "test", "", 0)), 0
    for asked_s in itertools.chain(asked, itertools.repeat(0)):
        again = next_try(delivery, asked_s)
        if again is None:
            break
        assert again.pause_s >= PAUSES_S[delivery.tries + delivery.skipped]
        assert again.pause_s >= min(asked_s, LONGEST_ASKED_S)
        total_s += again.pause_s
        delivery = replace(delivery, tries=delivery.tries + 1, skipped=again.skipped)
    assert total_s <= sum(PAUSES_S)


def test_a_webhook_that_fails_for_days_is_turned_off_and_the_log_says_so(line: Line) -> None:
    line.receiver.status = 500
    comment(line)
    line.deliver()
    line.clock.now += 5 * 86_400 + 1
    line.deliver()
    assert line.now().off is OffBecause.FAILING
    client: Any = line.store.client
    entry = client.xrevrange(DEMO.audit, count=1)[0][1]
    assert entry[b"actor"] == b"ecluse"
    assert b'"off":"failing"' in entry[b"change"]
    assert line.secret.encode() not in entry[b"change"]
    line.receiver.status = 204
    line.store.webhooks.turn_on("demo", line.webhook.id, line.by())
    line.clock.now += 86_400
    line.deliver()
    assert line.health().waiting == 0


def test_a_receiver_that_is_gone_is_left_alone(line: Line) -> None:
    line.receiver.status = 410
    comment(line)
    line.deliver()
    assert line.now().off is OffBecause.GONE
    before = len(line.receiver.requests)
    comment(line)
    line.deliver()
    assert len(line.receiver.requests) == before


def test_a_redirect_is_a_failure_and_nobody_goes_there(line: Line) -> None:
    with receiving() as elsewhere:
        line.receiver.status, line.receiver.location = 307, elsewhere.url
        comment(line)
        line.deliver()
        assert elsewhere.requests == []
    assert {each.said for each in line.store.deliveries.recent("demo", line.webhook)} == {"307"}


def test_nothing_goes_to_a_private_address_unless_allowed(line: Line) -> None:
    comment(line)
    line.deliver(private_targets=False)
    assert line.receiver.requests == []
    said = {each.said for each in line.store.deliveries.recent("demo", line.webhook)}
    assert said == {"private address"}


def test_a_worker_killed_in_the_middle_loses_nothing(line: Line) -> None:
    """Real processes: the receiver kills the worker, another takes over what it had taken."""
    for _ in range(12):
        comment(line)
    killed = threading.Event()
    settings = line.house.services.settings
    code = "from workers.deliver import deliver; deliver('demo')"
    environment = {
        **os.environ,
        "ECLUSE_REDIS_URL": settings.redis_url,
        "ECLUSE_QUEUE_URL": settings.queue_url,
        "ECLUSE_DATA_DIR": str(settings.data_dir),
        "ECLUSE_PRIVATE_TARGETS": "true",
    }
    worker = subprocess.Popen([sys.executable, "-c", code], env=environment)

    def kill(_received: Received) -> None:
        if len(line.receiver.requests) >= 9 and not killed.is_set():
            killed.set()
            os.kill(worker.pid, signal.SIGKILL)

    line.receiver.before = kill
    assert worker.wait(60) == -signal.SIGKILL
    assert line.health().waiting, "it died with work in hand"
    line.clock.now += LEASE_MS / 1000 + 60
    line.deliver()
    assert line.health().waiting == 0
    assert line.store.outbox.depth("demo") == 0
    assert len({each.id for each in line.receiver.requests}) == 24


def test_the_comments_history_says_what_webhooks_were_told(line: Line) -> None:
    comment_id = comment(line)
    line.deliver()
    events = [each for each in line.store.timeline.of("demo", comment_id) if each.kind == "webhook"]
    assert [(each.rule, each.target, each.text) for each in events] == [
        ("received", "told", "chat"),
        ("verdict", "told", "chat"),
    ]


def test_a_flood_for_one_webhook_is_bounded_and_counted(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.webhooks.deliveries.MOST_WAITING", 3)
    line.receiver.status = 500
    for _ in range(3):
        comment(line)
    line.deliver()
    assert (line.health().waiting, line.health().missed) == (3, 3)
    assert line.seen().results["missed"] == 3


def test_what_waits_goes_with_a_webhook_that_is_deleted(line: Line) -> None:
    line.receiver.status = 500
    comment(line)
    line.deliver()
    line.store.webhooks.delete("demo", line.webhook.id, line.by())
    client: Any = line.store.client
    assert not client.keys(f"ecluse:{{demo}}:webhook:{line.webhook.id}:*")


def test_a_site_has_twenty_webhooks_at_most(line: Line) -> None:
    for _ in range(19):
        line.add()
    with pytest.raises(TooManyWebhooks):
        line.add()
