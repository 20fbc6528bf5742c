"""`?wait=`: the verdict in the answer, for a bounded number of callers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import pytest

from service.api.waiting import Waiters
from service.store.sites import Limit
from tests.api.house import INSULT, House, json_of

WIDE = {"ip": Limit(100_000, 60)}


def draining(house: House) -> Callable[[float], None]:
    """Return a sleep during which a worker does its work."""

    def sleep(_seconds: float) -> None:
        house.drain()

    return sleep


def test_a_caller_who_waits_gets_the_verdict_and_why(house: House) -> None:
    house.replace(waiters=Waiters(1, sleep=draining(house)))
    answer = house.post(content=INSULT, query={"wait": "2"}, lang="fr")
    assert answer.status_code == 200
    assert json_of(answer)["status"] in {"held", "rejected"}
    assert json_of(answer)["reasons"]


def test_who_does_not_wait_gets_no_verdict(house: House) -> None:
    answer = house.post()
    assert answer.status_code == 202
    assert "reasons" not in json_of(answer)


def test_a_wait_in_vain_ends_with_202(house: House) -> None:
    answer = house.post(query={"wait": "0.05"})
    assert answer.status_code == 202
    assert json_of(answer)["status"] == "received"


def test_a_wait_is_never_longer_than_the_setting(house: House) -> None:
    slept: list[float] = []
    clock = [0.0]

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds

    house.replace(waiters=Waiters(1, sleep=sleep, clock=lambda: clock[0]))
    assert house.post(query={"wait": "1e9"}).status_code == 202
    assert 0 < sum(slept) <= house.services.settings.wait_limit_s


def test_the_author_may_wait_for_the_status_too(house: House) -> None:
    posted = json_of(house.post())
    house.replace(waiters=Waiters(1, sleep=draining(house)))
    told = house.client.get(
        posted["links"]["self"], query_string={"wait": 2, "edit_token": posted["edit_token"]}
    )
    assert json_of(told)["status"] == "approved"


def test_a_retry_waits_like_a_first_try(house: House) -> None:
    key = {"Idempotency-Key": "k"}
    house.post(key)
    house.replace(waiters=Waiters(1, sleep=draining(house)))
    assert house.post(key, query={"wait": "2"}).status_code == 200


def test_clients_that_wait_never_keep_others_from_being_accepted(house: House) -> None:
    """Two places, twenty who want to wait, nobody who checks: two wait, all are accepted."""
    house.change_site(limits=WIDE)
    may_go, sleeping = threading.Event(), threading.Semaphore(0)

    def sleep(_seconds: float) -> None:
        sleeping.release()
        assert may_go.wait(30)

    house.replace(waiters=Waiters(2, sleep=sleep))
    with ThreadPoolExecutor(20) as callers:
        asked = [callers.submit(house.post, query={"wait": "2"}) for _ in range(20)]
        try:
            for _ in range(2):
                assert sleeping.acquire(timeout=20)
            answered = [each.result() for each in islice(as_completed(asked, timeout=20), 18)]
            assert {each.status_code for each in answered} == {202}
            assert house.post().status_code == 202
            assert house.post(query={"wait": "2"}).status_code == 202
            assert house.stored() == 22
        finally:
            may_go.set()
    assert {each.result().status_code for each in asked} == {202}


def test_a_place_is_free_again_after_a_wait_even_one_that_failed() -> None:
    waiters = Waiters(1, sleep=lambda _seconds: None)

    def fail() -> str:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        waiters.wait(fail, 1)
    assert waiters.wait(lambda: "approved", 1)


def test_no_places_means_that_nobody_waits() -> None:
    assert not Waiters(0).wait(lambda: "approved", 1)
