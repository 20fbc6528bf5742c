"""The supervisor: starts the parts of the service, keeps them up, stops them in order."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from service.lifetime import bound

SHORTEST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
STEADY_AFTER_S = 10.0
LOOK_EVERY_S = 0.05

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Describe one process of the service.

    ``stage`` orders the stop: 0 goes first. ``stop_within_s`` is how long it may
    take before it is killed. ``orphaned_by`` is the signal it gets when the
    supervisor itself is killed. ``keeps`` are open files it inherits. ``words_now`` is asked
    at each start for what the command needs besides. ``log`` is the file the process itself
    says in what became of it, if it keeps one.
    """

    name: str
    command: Sequence[str]
    stage: int
    stop_within_s: float
    orphaned_by: signal.Signals = signal.SIGKILL
    environment: Mapping[str, str] = field(default_factory=dict)
    keeps: tuple[int, ...] = ()
    words_now: Callable[[], Sequence[str]] = tuple
    log: Path | None = None


@dataclass
class Child:
    """Hold a part's process, and how it fared."""

    part: Part
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float | None = None
    pause_s: float = SHORTEST_PAUSE_S

    def start(self) -> None:
        """Start the process, in a session of its own: Ctrl-C is for the supervisor alone."""
        self.start_again_at = None
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  the command is ours
            bound([*self.part.command, *self.part.words_now()], self.part.orphaned_by),
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.part.environment},
            stdin=subprocess.DEVNULL,
            pass_fds=self.part.keeps,
            start_new_session=True,
        )

    def tend(self, now: float) -> None:
        """Start the process again if it died; wait longer each time it dies young."""
        if self.process is None or self.process.poll() is None:
            return
        if self.start_again_at is None:
            self._plan_restart(self.process.returncode, now)
        elif now >= self.start_again_at:
            self.start()

    def ask_to_stop(self) -> None:
        """Send SIGTERM to a living process."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait_or_kill(self, until: float) -> None:
        """Return when the process has ended, by force after ``until``."""
        if self.process is None:
            return
        try:
            self.process.wait(max(until - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop in time and is killed", self.part.name)
            self.process.kill()
            self.process.wait()

    def _plan_restart(self, code: int, now: float) -> None:
        if now - self.started_at > STEADY_AFTER_S:
            self.pause_s = SHORTEST_PAUSE_S
        self.start_again_at = now + self.pause_s
        logger.error(
            "%s ended (code %d) and starts again in %.1f s%s",
            self.part.name, code, self.pause_s, f"; see {self.part.log}" if self.part.log else "",
        )  # fmt: skip
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)


class Supervisor:
    """Keep parts up until ``stopping`` is set."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._children: list[Child] = []

    def start(self, parts: Iterable[Part]) -> None:
        """Start the parts and look after them from now on."""
        for part in parts:
            child = Child(part)
            child.start()
            self._children.append(child)

    def tend_until(self, is_done: Callable[[], bool]) -> bool:
        """Look after the parts until ``is_done``; return False when asked to stop before."""
        pause_s = LOOK_EVERY_S
        while not self.stopping.is_set():
            self._tend()
            if is_done():
                return True
            self.stopping.wait(pause_s)
            pause_s = min(pause_s * 1.2, 0.5)
        return False

    def stop(self) -> None:
        """Stop the parts, stage by stage; within a stage all at once."""
        for stage in sorted({child.part.stage for child in self._children}):
            children = [child for child in self._children if child.part.stage == stage]
            for child in children:
                child.ask_to_stop()
            asked_at = time.monotonic()
            for child in children:
                child.wait_or_kill(asked_at + child.part.stop_within_s)

    def _tend(self) -> None:
        now = time.monotonic()
        for child in self._children:
            child.tend(now)


@contextmanager
def supervising() -> Iterator[Supervisor]:
    """Give a supervisor that SIGINT and SIGTERM stop, and stop its parts at the end."""
    supervisor = Supervisor()
    before = {
        signum: signal.signal(signum, lambda *_: supervisor.stopping.set())
        for signum in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield supervisor
    finally:
        supervisor.stop()
        for signum, handler in before.items():
            signal.signal(signum, handler)
