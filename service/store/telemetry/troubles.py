"""Troubles: failures of checks in a web process, where no worker measures."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from redis.exceptions import RedisError

from service.moderation.pipeline import Findings
from service.moderation.verdict import Stage
from service.store import keys
from service.store.server.connection import Client
from service.store.telemetry.slots import CHECKS_GRID
from service.store.telemetry.tally import NO_ANSWER, STAGE_FAILURES

logger = logging.getLogger(__name__)


class Troubles:
    """Write down which checks failed at a door that answers at once; ``clock`` gives seconds.

    A review in which none did writes nothing. What cannot be written is lost: the caller is
    answered all the same.
    """

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock

    def note(self, findings: Findings) -> None:
        """Note what failed in one review."""
        unscreened = Counter(name for names in findings.unscreened for name in names)
        failures = Counter({(name, NO_ANSWER): count for name, count in unscreened.items()})
        for stages in findings.stages:
            failures.update(STAGE_FAILURES[Stage(s)] for s in stages if s in STAGE_FAILURES)
        if failures:
            self._write(unscreened, failures)

    def _write(self, unscreened: Counter[str], failures: Counter[tuple[str, str]]) -> None:
        now_ms = int(self._clock() * 1000)
        slot = keys.ops_checks_slot(CHECKS_GRID.start_of(now_ms))
        counts = {f"{name}|unscreened": count for name, count in unscreened.items()}
        counts |= {f"{name}|f|{kind}": count for (name, kind), count in failures.items()}
        pipe = self._client.pipeline(transaction=False)
        for place in (keys.OPS_CHECKS, slot):
            for field, count in counts.items():
                pipe.hincrby(place, field, count)
        pipe.expire(slot, CHECKS_GRID.kept_s)
        pipe.hset(keys.OPS_CHECKS, mapping={f"{name}|failed": now_ms for name, _ in failures})
        try:
            pipe.execute()
        except (RedisError, OSError) as error:
            logger.warning("a failure is not told", extra={"error_type": type(error).__name__})
