"""The scheduler: has RQ run `sweep` again and again, `expire` once a day.

``python -m workers.scheduler``.
"""

from __future__ import annotations

import logging
import sys
import time
from contextlib import suppress
from types import FrameType

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.cron import CronJob, CronScheduler
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from config.log import configure_log
from config.settings import Settings, SettingsInvalid
from service.error_reports import flush_reports, report_errors
from service.lifetime import end_quietly
from service.store.doorbell import FAILURE_KEPT_S, MAINTENANCE_QUEUE, NO_TIMEOUT
from service.store.server.embedded import EmbeddedNotRunning
from service.store.server.trouble import trouble_of
from workers.queue import queue_connection

SWEEP_TASK = "workers.sweep.sweep"
EXPIRE_TASK = "workers.expire.expire"
"""What runs them imports the store and the models; who only names them does not."""
LONGEST_PAUSE_S = 5.0
LOOKED_AT = 100
"""Waiting tasks among which a task looks for its own like."""
DAY_S = 86_400

logger = logging.getLogger(__name__)


class JsonCronJob(CronJob):
    """Enqueue a task as JSON (RQ's own cron jobs are pickles), never behind its own like."""

    def enqueue(self, connection: Redis) -> Job:
        """Enqueue the task, or return the one that is still waiting."""
        queue = Queue(self.queue_name, connection=connection, serializer=JSONSerializer)
        waiting: list[Job] = queue.get_jobs(0, LOOKED_AT)
        for job in waiting:
            if job.func_name == self.func_name:
                return job
        return queue.enqueue(self.func_name, **self.job_options)


class Scheduler(CronScheduler):
    """Run the cron jobs, and remember having been asked to stop."""

    is_stopping = False

    def add(self, job: CronJob) -> None:
        """Add a job, in our own form."""
        self._cron_jobs.append(job)

    def _request_stop(self, _signum: int, _frame: FrameType | None) -> None:
        self.is_stopping = True
        raise StopRequested


def scheduler(settings: Settings) -> Scheduler:
    """Return the scheduler with its jobs: the sweep, and what is forgotten once a day."""
    made = Scheduler(queue_connection(settings))
    made.add(_job(SWEEP_TASK, settings.sweep_interval_s))
    made.add(_job(EXPIRE_TASK, DAY_S))
    return made


def _job(task: str, interval_s: int) -> CronJob:
    return JsonCronJob(
        MAINTENANCE_QUEUE,
        func_name=task,
        interval=interval_s,
        job_timeout=NO_TIMEOUT,
        result_ttl=0,
        failure_ttl=FAILURE_KEPT_S,
    )


def run(settings: Settings) -> None:
    """Schedule until a signal stops it, also between two tries; wait out a server that is away."""
    with suppress(StopRequested):
        _run(settings)


def _run(settings: Settings) -> None:
    pause_s = 0.1
    while True:
        here = scheduler(settings)
        try:
            here.start()  # type: ignore[no-untyped-call]
            return
        except (RedisError, OSError) as error:
            if here.is_stopping:
                return
            why = trouble_of(error) or type(error).__name__
            logger.warning("scheduler waits for its server: %s", why)
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def main() -> int:
    """Run the scheduler; 0 after a signal, 1 when it cannot start."""
    end_quietly()
    try:
        settings = Settings.from_environment()
        configure_log(settings)
        report_errors(settings)
        run(settings)
        flush_reports(settings)
    except (EmbeddedNotRunning, SettingsInvalid) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
