"""The reader: the encoder behind a door that closes for a while when it keeps failing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.encoder import Encoder, Judged
from service.moderation.models.encoder.about import About
from service.moderation.models.encoder.tokenise import Rank

MOST_FAILURES_IN_A_ROW = 3
REST_ASKS = 50
"""So many asks go unanswered after so many failures in a row: one that fails slowly would
cost every batch its time. Counted, because the judge has no clock."""

T = TypeVar("T")
Indices = NDArray[np.intp]

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Reader:
    """Load the encoder when it is first needed, and remember how it fares.

    ``failures`` counts the asks that failed since the process started.
    """

    load: Callable[[], Encoder]
    failures: int = 0
    _encoder: Encoder | None = None
    _in_a_row: int = 0
    _resting: int = 0
    _lock: Lock = field(default_factory=Lock)

    def ask(self, work: Callable[[Encoder], T]) -> T | None:
        """Return ``work(encoder)``, or None when that fails or has just failed too often."""
        if self._resting:
            self._resting -= 1
            return None
        try:
            answer = work(self.encoder())
        except Exception as error:
            self._note(error)
            return None
        self._in_a_row = 0
        return answer

    def judge(
        self, texts: Sequence[str], langs: Sequence[str], rank: Rank
    ) -> tuple[Indices, Judged | None]:
        """Return the indices of the texts that the encoder judged, and what it found of them.

        Where it fails on all together it is asked about each alone, until it fails too
        often: a text that it stumbles over costs the others nothing.
        """
        every = np.arange(len(texts))
        judged = self.ask(partial(_judged, texts, langs, rank))
        if judged is not None:
            return every, judged
        alone: dict[int, Judged] = {}
        for index in every.tolist() if len(texts) > 1 else ():
            if self._resting:
                break
            found = self.ask(partial(_judged, [texts[index]], [langs[index]], rank))
            if found is not None:
                alone[index] = found
        return np.array(list(alone), np.intp), _together(list(alone.values()))

    def about(self) -> About | None:
        """Return what the encoder says of itself, None when it cannot be loaded."""
        return self._encoder.about if self._encoder else self.ask(lambda encoder: encoder.about)

    def encoder(self) -> Encoder:
        """Return the encoder, loaded once; raise ``ModelBroken`` when it cannot be."""
        with self._lock:
            if self._encoder is None:
                self._encoder = self.load()
            return self._encoder

    def _note(self, error: Exception) -> None:
        self.failures += 1
        self._in_a_row += 1
        if self._in_a_row == 1:
            logger.error(
                "the encoder failed: the linear model judges alone",
                extra={"error_type": type(error).__name__},
                exc_info=error,
            )
        if self._in_a_row >= MOST_FAILURES_IN_A_ROW:
            self._resting = REST_ASKS


def _judged(texts: Sequence[str], langs: Sequence[str], rank: Rank, encoder: Encoder) -> Judged:
    return encoder.judge(texts, langs, rank)


def _together(parts: Sequence[Judged]) -> Judged | None:
    if not parts:
        return None
    embeddings = [part.embeddings for part in parts if part.embeddings is not None]
    return Judged(
        np.concatenate([part.scores for part in parts]),
        np.concatenate(embeddings) if embeddings else None,
    )
