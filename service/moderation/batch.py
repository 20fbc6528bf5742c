"""A batch: the cases a worker reviews in one go, with what several checks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.moderation.comment import Case
from service.moderation.fingerprint import fingerprints
from service.moderation.language import Language, identify
from service.moderation.signal import Signal
from service.moderation.text import Text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Recent:
    """Hold the site's rolling window of recent comments, oldest first.

    Parallel arrays of n ``uint64``: content fingerprints
    (``service.moderation.fingerprint``), and 64-bit hashes of the comments' ids and
    of their authors' keys.
    """

    fingerprints: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    ids: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    authors: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))


@dataclass(frozen=True)
class Batch:
    """Hold n cases of one site and the texts that checks read, each made once."""

    cases: Sequence[Case]
    recent: Recent = Recent()

    def __len__(self) -> int:
        return len(self.cases)

    @cached_property
    def texts(self) -> Sequence[Text]:
        """Return one prepared ``Text`` per case, in order."""
        return [Text.of(case.comment.content) for case in self.cases]

    @cached_property
    def fingerprints(self) -> NDArray[np.uint64]:
        """Return one content fingerprint per case, in order."""
        return fingerprints([text.plain for text in self.texts])

    @cached_property
    def languages(self) -> Sequence[Language]:
        """Return the language each comment is written in, by its own words.

        What the caller named, or else the site's language, is what to expect of them.
        """
        hints = [case.comment.lang or case.facts.site_lang for case in self.cases]
        return identify([case.comment.content for case in self.cases], hints)

    @cached_property
    def langs(self) -> Sequence[str]:
        """Return the language to judge each comment in: the caller's, or else its own."""
        named = [case.comment.lang for case in self.cases]
        if all(named):
            return named
        found = [language.code for language in self.languages]
        return [name or code for name, code in zip(named, found, strict=True)]

    def once(self, make: Callable[[Batch], T]) -> T:
        """Return ``make(self)``, made at the first call and kept for the other checks."""
        if make not in self._made:
            self._made[make] = make(self)
        made: T = self._made[make]
        return made

    @cached_property
    def _made(self) -> dict[Callable[[Batch], Any], Any]:
        return {}

    def only(self, index: int) -> Batch:
        """Return a batch of the one case at ``index``."""
        return Batch([self.cases[index]], self.recent)


class Check(Protocol):
    """Look at a batch and say what was found.

    ``name`` is ``family.subject`` (``spam.links``). ``review`` returns one sequence
    of signals per case, in order, empty where nothing was found. A check has no
    clock, no network and no memory between batches; it may raise, and the pipeline
    then holds what it could not judge.
    """

    @property
    def name(self) -> str:
        """Return the check's stable name."""
        ...

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return each case's signals."""
        ...
