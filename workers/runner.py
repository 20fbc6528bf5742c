"""The runner: keeps N RQ workers up. ``python -m workers.runner N``."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.process import BaseProcess

from redis import Redis
from redis.exceptions import RedisError
from rq.serializers import JSONSerializer

from config.log import configure_log
from config.settings import Settings, SettingsInvalid
from service.error_reports import flush_reports, report_errors
from service.extras import require_extras
from service.garbage import keep_what_is_loaded
from service.judge import build_worker_judge, warm_up_judge
from service.lifetime import die_with, end_quietly
from service.store.doorbell import MAINTENANCE_QUEUE, MODERATE_QUEUE, Doorbell
from service.store.inbox import Inbox
from service.store.server.condition import wait_until_writable
from service.store.server.connection import NotDurable, connect
from service.store.server.embedded import EmbeddedNotRunning, server_urls
from service.store.server.trouble import trouble_of
from service.store.sites import Sites
from workers.attendance import Attendance, attendance
from workers.kinds import KINDS, LONGEST_PAUSE_S
from workers.moderate import moderator, warm_up
from workers.name import name_of
from workers.observer import measuring
from workers.queue import queue_connection

WORKER_TTL_S = 30
"""RQ's idle workers show themselves 15 seconds before this ends."""
STEADY_AFTER_S = 10.0
LOOK_EVERY_S = 0.2
FINISH_WITHIN_S = 2.5
"""How long a worker may finish its batch: with what follows, `ecluse up` allows 4 s."""
CUT_SHORT_WITHIN_S = 0.5
PATIENCE_S = 1.0
"""How long one command of the handing back may take."""

logger = logging.getLogger(__name__)


@dataclass
class Seat:
    """Hold one worker's place: its process, and how it fared."""

    process: BaseProcess | None = None
    started_at: float = 0.0
    pause_s: float = 0.1
    empty_since: float | None = None

    @property
    def is_taken(self) -> bool:
        """Say whether a worker lives here."""
        return self.process is not None and self.process.is_alive()


@dataclass
class Crew:
    """Keep ``count`` worker processes up until asked to stop.

    ``start`` starts one. One that dies is replaced after a pause that doubles, up to
    five seconds, while they die young. ``attendance`` is told who lives and who ended;
    ``clear_up`` is called last, with the process ids of those that were stopped.
    """

    count: int
    start: Callable[[], BaseProcess]
    attendance: Attendance
    clear_up: Callable[[Sequence[int]], None]
    stopping: threading.Event = field(default_factory=threading.Event)
    seats: list[Seat] = field(default_factory=list)

    def run(self) -> None:
        """Start the workers, replace the dead, and after ``stopping`` let all finish."""
        self.seats = [Seat() for _ in range(self.count)]
        for seat in self.seats:
            self._fill(seat)
        while not self.stopping.wait(LOOK_EVERY_S):
            self._tell()
            for seat in self.seats:
                if not seat.is_taken:
                    self._replace(seat, time.monotonic())
        self._drain()

    def _fill(self, seat: Seat) -> None:
        seat.process, seat.started_at, seat.empty_since = self.start(), time.monotonic(), None

    def _replace(self, seat: Seat, now: float) -> None:
        if seat.empty_since is None:
            is_steady = now - seat.started_at > STEADY_AFTER_S
            seat.pause_s = 0.1 if is_steady else min(seat.pause_s * 2, LONGEST_PAUSE_S)
            seat.empty_since = now
            code = seat.process.exitcode if seat.process else None
            logger.warning(
                "a worker ended (code %s); the next one starts in %.1f s", code, seat.pause_s
            )
        if now - seat.empty_since >= seat.pause_s:
            self._fill(seat)

    def _drain(self) -> None:
        """Let each finish its batch; what takes longer is cut short."""
        living = [seat.process for seat in self.seats if seat.process is not None]
        for patience_s in (FINISH_WITHIN_S, CUT_SHORT_WITHIN_S):
            for process in living:
                process.terminate()
            _join(living, patience_s)
        for process in living:
            if process.is_alive():
                process.kill()
            process.join()
        self._tell()
        self.clear_up([process.pid for process in living if process.pid])

    def _tell(self) -> None:
        self.attendance.look([seat.process for seat in self.seats if seat.process is not None])


def _join(processes: Sequence[BaseProcess], within_s: float) -> None:
    until = time.monotonic() + within_s
    for process in processes:
        process.join(max(until - time.monotonic(), 0.0))


def work(settings: Settings, parent: int) -> None:
    """Be one RQ worker, bound to the life of ``parent``, until a signal ends it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with(parent)
    report_errors(settings)
    try:
        urls = server_urls(settings)
        wait_until_writable(connect(urls.store, retries=0), "the server of the comments")
        wait_until_writable(connect(urls.queue, retries=0), "RQ's server")
        warm_up()
        keep_what_is_loaded()
        worker = KINDS[settings.worker_kind](
            [MODERATE_QUEUE, MAINTENANCE_QUEUE],
            connection=queue_connection(settings),
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_S,
            log_job_description=False,
        )
        with measuring(moderator().observer, settings.worker_kind):
            worker.work(logging_level="WARNING")
        moderator().tracing.close()
        flush_reports(settings)
    except (RedisError, OSError, NotDurable, EmbeddedNotRunning) as error:
        logger.warning("worker stopped: %s", error)
        raise SystemExit(1) from None


def crew(settings: Settings, count: int) -> Crew:
    """Return a crew of ``count`` workers."""
    context = multiprocessing.get_context("fork")

    def start() -> BaseProcess:
        process = context.Process(target=work, args=(settings, os.getpid()))
        process.start()
        return process

    return Crew(count, start, attendance(settings), partial(hand_back, settings))


def hand_back(settings: Settings, pids: Sequence[int]) -> None:
    """Give what stopped workers took and did not settle to those that live, and wake one."""
    try:
        urls = server_urls(settings)
        client = connect(urls.store, retries=0, timeout_s=PATIENCE_S)
        queue = connect(urls.queue, retries=0, timeout_s=PATIENCE_S)
        assert isinstance(queue, Redis)  # noqa: S101  server_urls refuses clusters
        inbox, doorbell = Inbox(client), Doorbell(queue)
        for site in Sites(client).names():
            left = sum(inbox.hand_back(site, name_of(pid)) for pid in pids)
            if left:
                logger.info("%d comments of %s handed back unchecked", left, site)
                inbox.set_bell(site)
                doorbell.ring(site)
    except (RedisError, OSError, EmbeddedNotRunning) as error:
        logger.warning("nothing handed back: %s", trouble_of(error) or type(error).__name__)


def load_judge(settings: Settings) -> None:
    """Load what the workers then have by being forked, and a replaced one at once.

    Raises ``SettingsInvalid``: what no worker could start with is said once, here.
    """
    build_worker_judge(settings)
    warm_up_judge(settings)
    keep_what_is_loaded()


def main() -> int:
    """Run as many workers as the argument says; 0 after a signal."""
    end_quietly()
    try:
        settings = Settings.from_environment()
        require_extras(settings)
        load_judge(settings)
        here = crew(settings, int(sys.argv[1]) if len(sys.argv) > 1 else settings.workers)
    except (EmbeddedNotRunning, SettingsInvalid) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    configure_log(settings)
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: here.stopping.set())
    here.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
