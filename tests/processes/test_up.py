"""`ecluse up`, for real: start, welcome, restart, accidents, end."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from service.store.server import embedded
from service.up import AlreadyRunning, up
from tests.conftest import free_port
from tests.processes.service_up import ServiceUp, eventually, is_gone


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceUp]:
    """A strict service that is up, for tests after which it goes on."""
    options = {"DURABILITY": "strict"}
    made = ServiceUp(tmp_path_factory.mktemp("up") / "var", options=options).start()
    yield made
    assert made.end() == 0


def test_a_first_start_prints_a_command_that_submits_a_comment(running: ServiceUp) -> None:
    eventually(running.answers, running)
    [line] = [line for line in running.output.splitlines() if "comments?wait=2" in line]
    done = subprocess.run(shlex.split(line), capture_output=True, text=True, check=True)
    assert '"status":"' in done.stdout
    assert '"status":"received"' not in done.stdout
    assert "one-time password (shown once)" in running.output
    for page in ("/demo", "/docs", "/healthz"):
        assert f"{running.url}{page}" in running.output


def test_ctrl_c_ends_every_process_and_leaves_no_trace(service: ServiceUp) -> None:
    family = service.start().family()
    assert service.end(signal.SIGINT) == 0
    assert all(map(is_gone, family))
    assert "killed" not in service.output
    assert sorted(path.name for path in (service.data_dir / "run").iterdir()) == ["up.lock"]


def test_data_and_secrets_survive_a_restart_and_are_not_shown_again(service: ServiceUp) -> None:
    key = service.start().key()
    comment = service.submit("Un premier mot sur ce sujet.", key)
    assert service.end(signal.SIGTERM) == 0
    service.start()
    assert "shown once" not in service.output
    assert "ecluse keys create" in service.output
    assert service.submit("Un second mot, tout autre.", key)["id"] != comment["id"]
    kept = service.server().hget(f"ecluse:{{demo}}:comment:{comment['id']}", "status")
    assert kept is not None


@pytest.mark.parametrize("part", ["web", "workers", "scheduler", "valkey"])
def test_a_part_that_is_killed_comes_back(part: str, running: ServiceUp) -> None:
    key = running.key()
    eventually(lambda: part in running.parts(), running)
    killed = running.parts()[part]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: running.parts().get(part, killed) != killed, running)
    eventually(running.answers, running)
    assert f"{part} ended (code -9)" in running.output
    log = f"; see {running.data_dir / 'valkey' / 'valkey.log'}"
    assert (log in running.output) == (part == "valkey")
    eventually(lambda: running.command("doctor").returncode == 0, running)
    answer = running.submit("Toujours là, et jugé malgré tout.", key)
    assert answer["status"] in ("approved", "held", "received")


def test_the_embedded_server_has_the_allocator_that_the_system_offers(running: ServiceUp) -> None:
    eventually(lambda: "valkey" in running.parts(), running)
    mapped = Path("/proc", str(running.parts()["valkey"]), "maps").read_text()
    assert ("libjemalloc" in mapped) == ("LD_PRELOAD" in embedded.environment())


def test_jemalloc_is_taken_where_it_is_and_nothing_said_before_is_overruled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LD_PRELOAD", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    here, there = tmp_path / "libjemalloc.so.2", tmp_path / "there" / "libjemalloc.so.2"
    assert set(embedded.environment([there, here])) == {"GLIBC_TUNABLES"}
    here.touch()
    assert embedded.environment([there, here]) == {"LD_PRELOAD": str(here)}
    monkeypatch.setenv("LD_PRELOAD", "/opt/own.so")
    assert embedded.environment([there, here]) == {}


def test_a_killed_worker_process_is_replaced(running: ServiceUp) -> None:
    eventually(lambda: "workers" in running.parts(), running)
    runner = running.parts()["workers"]
    eventually(lambda: len(_workers_of(runner)) == 1, running)
    [worker] = _workers_of(runner)
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: _workers_of(runner) not in ([], [worker]), running)
    assert running.parts()["workers"] == runner
    assert "a worker ended (code -9)" in running.output


def test_after_kill_9_nothing_is_left_and_a_new_start_works_at_once(service: ServiceUp) -> None:
    key = service.start().key()
    comment = service.submit("Écrit juste avant la fin.", key)
    family = service.family()
    service.end(signal.SIGKILL)
    service.start()
    assert all(map(is_gone, family))
    assert service.server().hget(f"ecluse:{{demo}}:comment:{comment['id']}", "status")
    assert service.submit("Écrit juste après.", key)["id"]
    assert service.end() == 0


def test_a_second_start_on_the_same_data_is_refused(running: ServiceUp) -> None:
    process = running.process
    assert process is not None
    second = running.command("up")
    assert second.returncode == 1
    assert f"already runs on {running.data_dir} (process {process.pid})" in second.stderr
    assert second.stderr.count("\n") == 1
    assert process.poll() is None
    eventually(running.answers, running)


def test_a_server_that_does_not_end_is_said_to_be_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=tmp_path, port=free_port())
    monkeypatch.setattr("service.up.OLD_SERVER_WAIT_S", 0.1)
    with embedded.lock_file(settings) as left_over:
        assert embedded.take_lock(left_over)
        with pytest.raises(AlreadyRunning, match=f"`fuser {left_over.name}` names its process"):
            up(settings, lambda *_: None)


def test_a_taken_port_is_said_in_one_line(service: ServiceUp) -> None:
    with socket.create_server(("127.0.0.1", service.port)):
        refused = service.command("up")
    assert refused.returncode == 1
    assert f"port {service.port} of 127.0.0.1 is taken" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_commands_beside_it_find_the_embedded_server(running: ServiceUp) -> None:
    assert "demo" in running.command("sites", "list").stdout
    assert running.command("doctor").returncode == 0


def test_the_web_process_knows_how_full_the_embedded_servers_disk_is(running: ServiceUp) -> None:
    made = running.command("keys", "create", "demo", "--scope", "ops").stdout
    (key,) = re.findall(r"ek_demo_\w+", made)
    share = running.overview(key)["server"]["disk_share"]
    usage = shutil.disk_usage(running.data_dir)
    assert share == pytest.approx(1 - usage.free / usage.total, abs=0.05)


def test_the_embedded_server_is_private_and_keeps_its_promise(running: ServiceUp) -> None:
    eventually(running.answers, running)
    server = running.server()
    config = server.config_get("*")
    assert (config["port"], config["appendonly"]) == ("0", "yes")
    assert (config["appendfsync"], config["maxmemory-policy"]) == ("always", "noeviction")
    assert config["aof-load-truncated"] == "yes"
    path = running.data_dir / "run" / "valkey.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_long_data_path_gets_a_short_socket(tmp_path: Path) -> None:
    service = ServiceUp(tmp_path / ("long" * 30))
    path = Path()
    try:
        service.start()
        path = Path((service.data_dir / "run" / "valkey.socket-path").read_text())
        assert len(str(path)) < 100
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert service.command("sites", "list").returncode == 0
    finally:
        assert service.end() == 0
    assert not path.parent.exists()


def test_your_own_server_is_used_when_named(
    service: ServiceUp, redis_url: str, queue_url: str
) -> None:
    service.options.update(REDIS_URL=redis_url, QUEUE_URL=queue_url)
    service.start()
    assert "valkey" not in service.parts()
    assert service.submit("Bonjour à tous.", service.key())["id"]
    assert service.end() == 0
    assert not (service.data_dir / "valkey").exists()


def _workers_of(runner: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{runner}/task/{runner}/children").read_text().split()]
