"""One worker process of a benchmark. ``python -m bench.worker KIND [--for-ever]``.

It loads everything, says `ready`, waits for a line on its standard input, works until
its RQ queue is empty. The pure pipeline says how many seconds it took; for the others the
store is asked, because RQ spends about a second on saying goodbye.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from rq import SimpleWorker, Worker
from rq.serializers import JSONSerializer

from bench.children import child, environment_of, python
from bench.plain import PLAIN_QUEUE
from bench.site import SITE
from config.settings import Settings, default_policy
from service.moderation.batch import Batch, Recent
from service.moderation.comment import Case, Facts
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy, merged, policy_from
from service.store.doorbell import MODERATE_QUEUE
from workers.moderate import Moderator, moderator, warm_up
from workers.queue import queue_connection

KINDS: dict[str, tuple[str, type[SimpleWorker] | type[Worker]]] = {
    "ecluse": (MODERATE_QUEUE, SimpleWorker),
    "plain-simple": (PLAIN_QUEUE, SimpleWorker),
    "plain-fork": (PLAIN_QUEUE, Worker),
}
PURE = "pure"


@dataclass(frozen=True)
class Ready:
    """Hold a worker that waits for its sign."""

    asked: IO[bytes]
    said: IO[bytes]

    def begin(self) -> None:
        """Let it work."""
        self.asked.write(b"go\n")
        self.asked.flush()

    def seconds(self) -> float:
        """Return how long it worked, once it has ended."""
        return float(self.said.readline())


@contextmanager
def waiting_worker(kind: str, settings: Settings, *, for_ever: bool = False) -> Iterator[Ready]:
    """Start a worker that is ready to begin; ``for_ever`` it waits for more when done."""
    command = python("bench.worker", kind, *(["--for-ever"] if for_ever else []))
    folder = settings.data_dir.parent
    with child(command, folder, environment_of(settings)) as process:
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        said, asked = process.stdout, process.stdin
        if said.readline().strip() != b"ready":
            raise RuntimeError((folder / "log").read_text("utf-8", "replace")[-2000:])

        yield Ready(asked, said)


def pure_review(here: Moderator, site_name: str) -> Callable[[], int]:
    """Return a review of the whole inbox with no store in it: cases are read beforehand."""
    cases = _cases(here, site_name)
    policy = policy_from(merged(default_policy(), here.sites.get(site_name).site.policy))
    return lambda: review_in_batches(here.pipeline, cases, policy, here.settings)


def review_in_batches(
    pipeline: Pipeline, cases: Sequence[Case], policy: Policy, settings: Settings
) -> int:
    """Review ``cases`` in a worker's batches, each behind the window of those before it."""
    recent = Recent()
    count = 0
    for start in range(0, len(cases), settings.batch_size):
        batch = Batch(cases[start : start + settings.batch_size], recent)
        count += len(pipeline.review(batch, policy))
        known = recent.then(batch.traces)
        recent = known.at(range(len(known.ids))[-settings.duplicate_window :])
    return count


def _cases(here: Moderator, site_name: str) -> list[Case]:
    site = here.sites.get(site_name).site
    entries = here.inbox.take(site_name, here.name, 1_000_000)
    pending = here.inbox.load(site_name, entries, Facts(site_lang=site.lang))
    return [item.case for item in pending]


def _burst(kind: str, settings: Settings, *, for_ever: bool) -> Callable[[], object]:
    queue, worker_class = KINDS[kind]
    worker = worker_class(
        [queue],
        connection=queue_connection(settings),
        serializer=JSONSerializer,
        log_job_description=False,
    )
    return lambda: worker.work(burst=not for_ever, logging_level="WARNING")


def main() -> None:
    """Be the worker the arguments name."""
    kind, *options = sys.argv[1:]
    settings = Settings.from_environment()
    warm_up()
    work = (
        pure_review(moderator(), SITE)
        if kind == PURE
        else _burst(kind, settings, for_ever="--for-ever" in options)
    )
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    work()
    print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
