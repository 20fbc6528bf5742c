"""/healthz and /readyz, and what callers are told while the store is gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.settings import Settings
from service.app import create_app
from service.store.sites import Site
from tests.api.house import ORIGIN, PAGE, House, assert_problem, bearer, json_of, thread_url
from tests.conftest import start_valkey, stop


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run a server of one's own in ``folder``; yield its URL."""
    folder.mkdir(exist_ok=True)
    server, url = start_valkey(folder)
    try:
        yield url
    finally:
        stop(server)


def house_over(store_url: str, queue_url: str, folder: Path) -> House:
    settings = Settings(
        redis_url=f"{store_url}?db=0", queue_url=f"{queue_url}?db=0", data_dir=folder
    )
    return House(create_app(settings))


def ready(house: House) -> tuple[int, dict[str, str]]:
    answer = house.client.get("/readyz")
    assert answer.headers["Cache-Control"] == "no-store"
    parts: dict[str, str] = json_of(answer)["parts"]
    assert json_of(answer)["ready"] == (answer.status_code == 200)
    return answer.status_code, parts


def test_a_process_that_answers_is_alive(house: House) -> None:
    answer = house.client.get("/healthz")
    assert answer.status_code == 200
    assert json_of(answer)["ready"] is True


def test_ready_means_that_store_and_queue_answer(house: House) -> None:
    assert ready(house) == (200, {"store": "ok", "queue": "ok"})


@pytest.mark.parametrize("part", ["store", "queue"])
def test_not_ready_while_a_part_is_gone_and_ready_again_when_it_is_back(
    tmp_path: Path, part: str
) -> None:
    gone, other = tmp_path / "gone", tmp_path / "other"
    with running(other) as other_url:
        with running(gone) as gone_url:
            urls = (gone_url, other_url) if part == "store" else (other_url, gone_url)
            house = house_over(*urls, tmp_path)
            assert ready(house)[0] == 200
        status, parts = ready(house)
        assert status == 503
        assert [name for name, state in parts.items() if state != "ok"] == [part]
        assert house.client.get("/healthz").status_code == 200
        with running(gone):
            assert ready(house) == (200, {"store": "ok", "queue": "ok"})


def test_while_the_store_is_gone_every_caller_is_told_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path / "store") as url:
        house = house_over(url, url, tmp_path)
        house.add_site("demo", origins=(ORIGIN,))
        key = house.key()
    for answer in (
        house.post(),
        house.client.get(thread_url(PAGE), headers={"Origin": ORIGIN}),
        house.client.get("/v1/moderation/queue", headers=bearer(key)),
    ):
        assert_problem(answer, 503, "unavailable")
        assert int(answer.headers["Retry-After"]) > 0


def test_without_the_queue_comments_are_still_accepted(tmp_path: Path) -> None:
    with running(tmp_path / "store") as store_url:
        with running(tmp_path / "queue") as queue_url:
            house = house_over(store_url, queue_url, tmp_path)
            house.services.store.sites.create(Site("demo", origins=(ORIGIN,)))
        assert house.post().status_code == 202
        assert house.stored() == 1
        assert house.drain() == 1
