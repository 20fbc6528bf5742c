"""The supervisor alone, over small processes that misbehave."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from service.processes import LONGEST_PAUSE_S, SHORTEST_PAUSE_S, Child, Part, supervising
from tests.processes.service_up import is_gone

WAITS = "import time; time.sleep(60)"
IGNORES = "import signal; signal.signal(15, signal.SIG_IGN)"


def part(code: str, *, name: str = "part", stage: int = 0, stop_within_s: float = 5.0) -> Part:
    command = [sys.executable, "-c", code]
    return Part(name=name, command=command, stage=stage, stop_within_s=stop_within_s)


def pid_of(path: Path) -> int:
    return int(path.read_text()) if path.exists() and path.read_text() else 0


def test_a_part_that_always_dies_is_started_ever_more_slowly_and_for_ever() -> None:
    child = Child(part("raise SystemExit(3)"))
    pauses = []
    now = 0.0
    child.start()
    for _ in range(9):
        assert child.process is not None
        child.process.wait()
        child.started_at = now
        child.tend(now)
        assert child.start_again_at is not None
        pauses.append(child.start_again_at - now)
        now = child.start_again_at
        child.tend(now)
        assert child.start_again_at is None
    assert pauses[0] == pytest.approx(SHORTEST_PAUSE_S)
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S
    child.wait_or_kill(time.monotonic() + 5)


def test_a_part_that_was_steady_starts_again_quickly() -> None:
    child = Child(part(WAITS), pause_s=LONGEST_PAUSE_S)
    child.start()
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    died_at = child.started_at + 3600
    child.tend(died_at)
    assert child.start_again_at == pytest.approx(died_at + SHORTEST_PAUSE_S)


def test_parts_stop_stage_by_stage(tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = (
        "import os, signal, sys, time\n"
        "def end(*_):\n"
        "    open({log!r}, 'a').write({name!r} + ' '); os._exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "open({ready!r}, 'w').close()\n"
        "time.sleep(60)\n"
    )
    parts = [
        part(
            code.format(log=str(log), name=name, ready=str(tmp_path / name)), name=name, stage=stage
        )
        for name, stage in [("last", 2), ("first", 0), ("second", 1)]
    ]
    with supervising() as supervisor:
        supervisor.start(parts)
        names = ("last", "first", "second")
        assert supervisor.tend_until(lambda: all((tmp_path / name).exists() for name in names))
    assert log.read_text().split() == ["first", "second", "last"]


def test_a_part_that_will_not_stop_is_killed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ready = tmp_path / "pid"
    code = f"{IGNORES}; import os; open({str(ready)!r}, 'w').write(str(os.getpid())); {WAITS}"
    with supervising() as supervisor:
        supervisor.start([part(code, name="deaf", stop_within_s=0.2)])
        supervisor.tend_until(lambda: pid_of(ready) > 0)
    assert is_gone(pid_of(ready))
    assert "deaf did not stop in time" in caplog.text


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_watch_and_the_old_handler_returns(signum: signal.Signals) -> None:
    before = signal.getsignal(signum)
    with supervising() as supervisor:
        os.kill(os.getpid(), signum)
        assert supervisor.tend_until(lambda: False) is False
    assert signal.getsignal(signum) is before
