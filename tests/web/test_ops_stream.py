"""The stream of the operator's page: what it sends, to how many, and when it ends."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from config.settings import Settings
from service.api.streams import Streams, places_of
from service.store.staff.accounts import Role
from tests.api.house import House, app_over
from tests.conftest import start_valkey, stop
from tests.web.staff import Staffer, staffer

EDITION = re.compile(r'data-edition="([^"]+)"')
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def operator(house: House) -> Staffer:
    house.replace(streams=Streams(2, lasts_s=10, every_s=0.01))
    return staffer(house, "Odile", Role.OPS)


def edition(who: Staffer) -> str:
    found = EDITION.search(who.get("/ops/", headers=ENGLISH).get_data(as_text=True))
    assert found is not None
    return found[1]


def listen(who: Staffer, seen: str = "", **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return who.get(f"/ops/events?seen={seen}", headers={**ENGLISH, **named})


def events(answer: TestResponse) -> Iterator[dict[str, str]]:
    """Return the fields of each event; data as a browser puts it together."""
    for raw in answer.response:
        assert isinstance(raw, bytes)
        assert raw.endswith(b"\n\n")
        fields: dict[str, str] = {}
        for line in raw.decode().removesuffix("\n\n").split("\n"):
            name, _, value = line.partition(": ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
        yield fields


# What it sends


def test_a_page_is_sent_what_changed_and_told_that_all_is_still_the_same(
    house: House, operator: Staffer
) -> None:
    clock = house.stop_the_clock()
    answer = listen(operator, edition(operator))
    assert answer.content_type == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    told = events(answer)
    assert next(told) == {"event": "still", "retry": "1000", "data": ""}
    house.post_as_server(content="Un avis bien calme.")
    clock.now += 2
    changed = next(told)
    assert changed["event"] == "parts"
    assert 'id="ops-queues"' in changed["data"]
    assert 'id="ops-workers"' not in changed["data"]
    assert "In the inboxes, before any check: 1" in changed["data"]
    assert changed["id"] == edition(operator)
    assert next(told)["event"] == "still"
    answer.close()


def test_a_browser_that_asks_again_is_not_sent_what_it_has(operator: Staffer) -> None:
    first = listen(operator)
    last = next(events(first))["id"]
    first.close()
    again = listen(operator, "", Last_Event_ID=last)
    assert next(events(again))["event"] == "still"
    again.close()


def test_it_speaks_the_language_of_the_page(operator: Staffer) -> None:
    answer = listen(operator, Accept_Language="fr")
    assert "qu’aucun contrôle n’a jugés" in next(events(answer))["data"]
    answer.close()


# To whom


def test_moderators_and_strangers_have_no_stream(house: House) -> None:
    assert listen(staffer(house, "Noé", Role.MODERATOR)).status_code == 403
    assert house.client.get("/ops/events").status_code == 303


def test_it_ends_when_somebody_signs_out(house: House, operator: Staffer) -> None:
    told = events(listen(operator))
    next(told)
    house.services.store.door.sign_out(operator.token)
    assert list(told) == []


def test_it_ends_when_the_role_is_lost(house: House, operator: Staffer) -> None:
    told = events(listen(operator))
    next(told)
    house.services.store.accounts.change("Odile", Role.MODERATOR, frozenset())
    assert list(told) == []


def test_it_ends_where_the_store_does_not_answer(tmp_path: Path) -> None:
    server, url = start_valkey(tmp_path)
    house = House(app_over(Settings(redis_url=url, queue_url=url, data_dir=tmp_path)))
    house.make_passwords_cheap()
    house.replace(streams=Streams(1, every_s=0.01))
    told = events(listen(staffer(house, "Odile", Role.OPS)))
    next(told)
    stop(server)
    for _ in told:
        pass
    assert house.services.streams.begin(lambda: b"a place is free") is not None
    house.services.store.client.close()


# How many, and how long


@pytest.mark.parametrize(("threads", "places"), [(2, 0), (3, 0), (4, 1), (8, 2), (9, 2)])
def test_a_quarter_of_the_threads_may_stream(threads: int, places: int) -> None:
    assert places_of(threads) == places


def test_a_web_server_whose_threads_are_not_known_has_no_streams(house: House) -> None:
    assert listen(staffer(house, "Odile", Role.OPS)).status_code == 204


def test_one_too_many_is_told_to_ask_instead(operator: Staffer) -> None:
    held = [listen(operator), listen(operator)]
    refused = listen(operator)
    assert (refused.status_code, refused.data) == (204, b"")
    held[0].close()
    assert listen(operator).status_code == 200


def test_a_question_for_the_headers_alone_takes_no_place(operator: Staffer) -> None:
    for _ in range(3):
        assert operator.client.head("/ops/events").status_code == 204
    assert listen(operator).status_code == 200


def test_it_ends_after_its_time_and_frees_its_place(house: House, operator: Staffer) -> None:
    house.replace(streams=Streams(1, lasts_s=0.1, every_s=0.02))
    began = time.monotonic()
    assert 2 <= len(list(events(listen(operator)))) <= 6
    assert time.monotonic() - began < 5
    assert listen(operator).status_code == 200


def test_it_ends_at_once_when_the_process_is_asked_to_stop(house: House, operator: Staffer) -> None:
    streams = Streams(1, lasts_s=60, every_s=30)
    house.replace(streams=streams)
    told = events(listen(operator))
    next(told)
    streams.end()
    began = time.monotonic()
    assert list(told) == []
    assert time.monotonic() - began < 5
    assert listen(operator).status_code == 204
