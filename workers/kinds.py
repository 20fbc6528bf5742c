"""Our kinds of RQ workers: in place, or forking; neither keeps what visitors sent."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Mapping
from typing import Any

from rq import SimpleWorker, Worker
from rq.job import Job
from rq.job_lifecycle import call_exception_handlers
from rq.queue import Queue

from config.settings import WorkerKind
from service.lifetime import die_with
from service.store.tracebacks import masked_traceback
from workers.stopping import ask_to_stop

LONGEST_PAUSE_S = 5.0

logger = logging.getLogger(__name__)


class _Discreet:
    """Keep of a failed task's traceback only what cannot quote a visitor.

    RQ would store it as it is, and log it with the task's arguments.
    """

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log which task failed, and tell those who asked to be told."""
        logger.error("task %s failed", job.id, exc_info=exc_info)
        handlers = self._exc_handlers  # type: ignore[attr-defined]
        call_exception_handlers(handlers, job, *exc_info)

    def handle_job_failure(
        self, job: Job, queue: Queue, *more: Any, exc_string: str = "", **named: Any
    ) -> None:
        """Store the failure with its traceback masked."""
        masked = masked_traceback(exc_string)
        super().handle_job_failure(job, queue, *more, exc_string=masked, **named)  # type: ignore[misc]


class InPlaceWorker(_Discreet, SimpleWorker):
    """Run tasks in the worker itself, and look for a lost server every few seconds."""

    max_connection_wait_time = LONGEST_PAUSE_S

    def handle_warm_shutdown_request(self) -> None:
        """Tell the task in hand, too."""
        ask_to_stop()


class ForkingWorker(_Discreet, Worker):
    """Run each task in a forked child, and look for a lost server every few seconds."""

    max_connection_wait_time = LONGEST_PAUSE_S

    def handle_warm_shutdown_request(self) -> None:
        """Tell the task in hand, which runs in the child."""
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)

    def setup_work_horse_signals(self) -> None:
        """Have the child end its task at the next step when told to, and with its worker."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: ask_to_stop())
        die_with(os.getppid())


KINDS: Mapping[WorkerKind, type[InPlaceWorker] | type[ForkingWorker]] = {
    WorkerKind.SIMPLE: InPlaceWorker,
    WorkerKind.FORK: ForkingWorker,
}
