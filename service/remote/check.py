"""A check that asks a service elsewhere, and goes without it when it does not answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from service.moderation.batch import Batch
from service.moderation.signal import Evidence, Signal
from service.moderation.verdict import Stage
from service.remote.breaker import Breaker, RetryBudget
from service.remote.shapes import Scores, Shape
from service.remote.transport import RemoteFailed, post

TEXTS_AT_ONCE = 32
MOST_CHARS = 5_000
_WORTH_REPORTING = 0.1

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class RemoteCheck:
    """Report what the service at ``url`` finds of each comment's words.

    Nothing but the words and their language leaves. All requests for one batch have
    ``timeout_s`` together; what the service has not answered by then is skipped, and the
    verdict says so: nothing is held or passed for it. ``weight`` is how far a score of 1
    moves the total.
    """

    url: str
    shape: Shape
    headers: Mapping[str, str]
    timeout_s: float
    weight: float
    clock: Callable[[], float] = time.monotonic
    budget: RetryBudget = field(default_factory=RetryBudget)
    breaker: Breaker = field(init=False)
    name: str = "remote"

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.clock)

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order; none where the service was skipped."""
        return [self._signals(scores) for scores in batch.once(self._asked)]

    def stages(self, batch: Batch) -> Sequence[tuple[str, ...]]:
        """Return for each case that the service spoke, or was skipped."""
        return [
            (Stage.REMOTE_SKIPPED if scores is None else Stage.REMOTE,)
            for scores in batch.once(self._asked)
        ]

    def _signals(self, scores: Scores | None) -> Sequence[Signal]:
        return [
            Signal(self.name, attribute, score, self.weight, (_evidence(score),))
            for attribute, score in (scores or {}).items()
            if score >= _WORTH_REPORTING
        ]

    def _asked(self, batch: Batch) -> list[Scores | None]:
        """Return the scores of each case, None where no answer came."""
        until = self.clock() + self.timeout_s
        texts = [case.comment.content[:MOST_CHARS] for case in batch.cases]
        found: list[Scores | None] = []
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            part = slice(start, start + TEXTS_AT_ONCE)
            found += self._answer(texts[part], batch.langs[part], until)
        return found

    def _answer(
        self, texts: Sequence[str], langs: Sequence[str], until: float
    ) -> Sequence[Scores | None]:
        nothing = [None] * len(texts)
        if self.breaker.is_open or self.clock() >= until:
            return nothing
        self.budget.deposit()
        while True:
            try:
                answer = self._request(texts, langs, until - self.clock())
            except RemoteFailed as error:
                if not self._is_worth_another(error, until):
                    return nothing
            else:
                self.breaker.succeeded()
                return answer

    def _request(
        self, texts: Sequence[str], langs: Sequence[str], left_s: float
    ) -> Sequence[Scores]:
        answer = post(self.url, self.shape.body(texts, langs), self.headers, left_s)
        return self.shape.scores(answer, len(texts))

    def _is_worth_another(self, error: RemoteFailed, until: float) -> bool:
        """Note a failure; tell whether to ask again now."""
        self.breaker.failed()
        if self.breaker.failures == 1 or self.breaker.is_open:
            logger.warning("the remote check failed: %s", error)
        is_time_left = self.clock() < until and not self.breaker.is_open
        return error.is_passing and is_time_left and self.budget.spend()


def _evidence(score: float) -> Evidence:
    return Evidence("remote.model", {"percent": round(score * 100)})
