"""The observer: what a worker tells of its batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from config.settings import WorkerKind
from service.moderation.pipeline import Pipeline
from service.moderation.verdict import Verdict
from service.store.inbox import Pending
from service.store.telemetry.recorder import Recorder
from service.store.telemetry.tally import Reviewed
from workers.watch import Watch


@dataclass
class Observer:
    """Put together what was measured of a batch, and hand it to the recorder."""

    watch: Watch
    recorder: Recorder
    _began_at: float = 0.0

    def begin(self) -> None:
        """Begin to measure how long a batch takes."""
        self._began_at = self.watch.clock()
        self.watch.taken()

    def saw(
        self,
        pipeline: Pipeline,
        pending: Sequence[Pending],
        verdicts: Sequence[Verdict],
        now_s: float,
    ) -> None:
        """Tell of one batch that was reviewed and settled.

        An entry's id begins with when the server took it in, so the time to the verdict costs
        nothing to know; after an edit it counts from the edit.
        """
        at_ms, until = int(now_s * 1000), self.watch.clock()
        seconds, self._began_at = until - self._began_at, until
        self.recorder.add(
            Reviewed(
                verdicts=verdicts,
                latencies_ms=[at_ms - _arrived_ms(item) for item in pending],
                seconds=seconds,
                timings=self.watch.taken(),
                standing=[*(check.name for check in pipeline.checks), *pipeline.faulty],
                at_ms=at_ms,
            )
        )

    def end_task(self) -> None:
        """Write down what a task did, unless that happens by itself."""
        self.recorder.end_task()


@contextmanager
def measuring(observer: Observer | None, kind: WorkerKind) -> Iterator[None]:
    """Have what is measured written once a second, by a thread where nothing is forked."""
    if observer and kind is WorkerKind.SIMPLE:
        observer.recorder.start()
    try:
        yield
    finally:
        if observer:
            observer.recorder.stop()


def _arrived_ms(item: Pending) -> int:
    return int(item.entry.id.partition("-")[0])
