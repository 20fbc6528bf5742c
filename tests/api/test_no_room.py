"""A server without room, in memory or on disk: comments are put off, nothing is lost, all reads."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from config.settings import Settings
from service.app import create_app
from service.cli import main
from service.moderation.verdict import Status
from service.store.inbox_group import GROUP
from service.store.keys import SiteKeys, ops_alive
from service.store.server.condition import conditions, wait_until_writable
from service.store.server.trouble import SENTENCES, Trouble, trouble_of
from service.store.sites import Scope, Site
from service.store.staff.accounts import Role
from service.store.telemetry.roll import Left, Present, Roll
from tests.api.house import (
    ORIGIN,
    PAGE,
    House,
    assert_problem,
    bearer,
    json_of,
    pipeline,
    thread_url,
)
from tests.full_servers import FullServer, short_of_replicas, small_disk, small_memory
from tests.web.staff import staffer

KINDS = {"memory": small_memory, "disk": small_disk, "replicas": short_of_replicas}
INBOX = SiteKeys("demo").inbox


@pytest.fixture(scope="module", params=list(KINDS))
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FullServer]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("v")
        yield stack.enter_context(KINDS[request.param](folder))


@pytest.fixture
def room(server: FullServer, tmp_path: Path) -> Iterator[House]:
    """The service over a fresh database of a server that has room so far."""
    settings = Settings(
        redis_url=f"{server.url}?db=0", queue_url=f"{server.url}?db=1", data_dir=tmp_path
    )
    house = House(create_app(settings))
    house.replace(pipeline=pipeline)
    house.make_passwords_cheap()
    house.services.store.sites.create(Site("demo", origins=(ORIGIN,), lang="fr"))
    yield house
    client: Any = house.services.store.client
    client.flushdb()
    client.close()


def refill(house: House, server: FullServer) -> None:
    """Make room, and wait until the server has noticed."""
    server.make_room()
    wait_until_writable(house.services.store.client, "the test's server")


def test_while_there_is_no_room_comments_are_put_off_and_reading_goes_on(
    room: House, server: FullServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = room.stop_the_clock()
    published = room.publish()
    waiting = json_of(room.post(content="Accepté juste avant."))
    key, session = room.key(Scope.MODERATE), room.session("mo", Role.MODERATOR)
    server.fill()
    clock.now += 90  # long enough for a session's use to be written down
    with caplog.at_level(logging.ERROR):
        answer = room.post(content="De trop.")
    assert_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert SENTENCES[server.trouble] in caplog.text
    assert [each["id"] for each in room.thread(PAGE)["comments"]] == [published]
    assert room.client.get(thread_url(PAGE), headers={"Origin": ORIGIN}).status_code == 200
    edit = {"Edit-Token": waiting["edit_token"]}
    assert room.client.get(waiting["links"]["self"], headers=edit).status_code == 200
    for token in (key, session):
        asked = room.client.get("/v1/moderation/queue?site=demo", headers=bearer(token))
        assert asked.status_code == 200
    assert json_of(room.client.get("/readyz"))["reasons"]["store"] == server.trouble
    if server.trouble is not Trouble.READ_ONLY:  # of which INFO tells nothing
        told = [each.trouble for each in conditions(room.services.store.client)]
        assert told == [server.trouble]

    refill(room, server)
    assert room.post(content="Plus de trop.").status_code == 202
    assert room.drain() == 2
    assert room.record(waiting["id"]).status is not Status.RECEIVED


def test_operators_see_that_writes_are_refused_and_nothing_false_of_workers(
    room: House, server: FullServer, tmp_path: Path
) -> None:
    token, who = room.key(Scope.OPS), staffer(room, "Odile", Role.OPS)
    room.post(content="Accepté juste avant.")
    roll(room, "vouched-for", is_gone=False)
    roll(room, "ended", is_gone=True)
    server.fill()
    answer = room.client.get("/v1/ops/overview", headers=bearer(token))
    assert answer.status_code == 200
    found = json_of(answer)
    assert found["server"]["trouble"] == server.trouble
    assert (found["alerts"][0]["kind"], found["alerts"][0]["subject"]) == (
        "refused",
        server.trouble,
    )
    assert not {"no_worker", "not_written"} & {each["kind"] for each in found["alerts"]}
    assert found["advice"]["kind"] == "refused"
    workers = json_of(room.client.get("/v1/ops/workers", headers=bearer(token)))["workers"]
    states = {each["name"]: each["state"] for each in workers}
    assert states == {"vouched-for": "silent", "ended": "gone"}
    said = f"The server takes no writes ({server.trouble})"
    page = who.get("/ops/", headers={"Accept-Language": "en"})
    assert page.status_code == 200
    assert said in page.text
    shown = CliRunner().invoke(main, ["top", "--once"], env=variables(server, tmp_path))
    assert (shown.exit_code, shown.stdout.splitlines()[0][: len(said) + 3]) == (0, f"!! {said}")
    assert takes_writes(room) == 0

    refill(room, server)
    found = json_of(room.client.get("/v1/ops/overview", headers=bearer(token)))
    assert [each["kind"] for each in found["alerts"]] == ["no_worker"]
    assert takes_writes(room) == 1


def roll(house: House, name: str, *, is_gone: bool) -> None:
    """Leave the traces of a worker that nobody has vouched for in the last four seconds."""
    client: Any = house.services.store.client
    now_ms = time.time_ns() // 1_000_000
    left = [Left(name, 0)] if is_gone else []
    Roll(client).call([Present(name, "here", 1, now_ms, 0)], left, now_ms)
    client.delete(ops_alive(name))


def variables(server: FullServer, folder: Path) -> dict[str, str]:
    return {
        "ECLUSE_REDIS_URL": f"{server.url}?db=0",
        "ECLUSE_QUEUE_URL": f"{server.url}?db=1",
        "ECLUSE_DATA_DIR": str(folder),
    }


def takes_writes(house: House) -> float:
    families = {family.name: family for family in house.services.collector.collect()}
    (sample,) = families["ecluse_redis_takes_writes"].samples
    return sample.value


def test_a_worker_leaves_what_it_cannot_settle_as_if_it_had_not_begun(
    room: House, server: FullServer
) -> None:
    ids = [json_of(room.post(content=f"Merci, numéro {n}."))["id"] for n in range(3)]
    server.fill()
    for _ in range(5):  # more often than an entry may be begun
        assert room.drain() == 0
    client: Any = room.services.store.client
    pending = client.xpending_range(INBOX, GROUP, "-", "+", 9)
    assert [item["times_delivered"] for item in pending] in ([], [0, 0, 0])
    refill(room, server)
    assert room.drain() == 3
    assert room.services.store.decisions.dead_letter_count("demo") == 0
    assert {room.record(each).version for each in ids} == {2}


def test_what_a_script_is_refused_is_told_by_every_server_s_words() -> None:
    said = {
        "OOM command not allowed when used memory > 'maxmemory'.": Trouble.MEMORY,
        "Error running script (call to f_1): @user_script:17: @user_script: 17: -OOM command "
        "not allowed when used memory > 'maxmemory'.": Trouble.MEMORY,
        "MISCONF Errors writing to the AOF file: No space left on device": Trouble.DISK,
        "NOREPLICAS Not enough good replicas to write.": Trouble.READ_ONLY,
        "You can't write against a read only replica.": Trouble.READ_ONLY,
        "NOAUTH Authentication required.": Trouble.NONE,
    }
    assert {text: trouble_of(Exception(text)) for text in said} == said
