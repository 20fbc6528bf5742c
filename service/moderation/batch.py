"""A batch: the cases a worker reviews in one go, with what several checks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.cached import cached_property
from service.moderation.comment import Case
from service.moderation.fingerprint import SIZE, fingerprints, key64
from service.moderation.language import Language, identify, judged_in
from service.moderation.learning.layer import SiteLayer
from service.moderation.signal import Signal
from service.moderation.text import Text

T = TypeVar("T")


def _no_keys() -> NDArray[np.uint64]:
    return np.zeros(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Recent:
    """Hold the traces of n comments, oldest first: a site's rolling window, or a batch.

    ``fingerprints`` is ``uint8`` [n, 32] (``service.moderation.fingerprint``);
    ``authors`` and ``pages`` are ``uint64`` [n], hashes of authors' keys and of pages.
    """

    fingerprints: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, SIZE), np.uint8))
    ids: tuple[str, ...] = ()
    authors: NDArray[np.uint64] = field(default_factory=_no_keys)
    pages: NDArray[np.uint64] = field(default_factory=_no_keys)

    def at(self, kept: Sequence[int]) -> Recent:
        """Return the traces at the indices ``kept``."""
        ids = tuple(self.ids[index] for index in kept)
        rows = np.array(kept, np.intp)
        return Recent(self.fingerprints[rows], ids, self.authors[rows], self.pages[rows])

    def then(self, later: Recent) -> Recent:
        """Return these traces and the later ones, without earlier ones of the same comments."""
        if not self.ids:
            return later
        again = set(later.ids)
        kept = [index for index, name in enumerate(self.ids) if name not in again]
        before = self.at(kept) if len(kept) < len(self.ids) else self
        return Recent(
            np.concatenate((before.fingerprints, later.fingerprints)),
            before.ids + later.ids,
            np.concatenate((before.authors, later.authors)),
            np.concatenate((before.pages, later.pages)),
        )


@dataclass(frozen=True)
class Batch:
    """Hold n cases of one site and the texts that checks read, each made once.

    ``recent`` is the site's window; ``elsewhere`` holds traces of the operator's other
    sites, where each site stands for its pages. ``learned`` is what the site's moderators
    taught, ``shared`` what those of every site did, where the operator shares that.
    """

    cases: Sequence[Case]
    recent: Recent = Recent()
    elsewhere: Recent = Recent()
    learned: SiteLayer | None = None
    shared: SiteLayer | None = None

    def __len__(self) -> int:
        return len(self.cases)

    @cached_property
    def texts(self) -> Sequence[Text]:
        """Return one prepared ``Text`` per case, in order."""
        return Text.each([case.comment.content for case in self.cases])

    @cached_property
    def traces(self) -> Recent:
        """Return what the window will keep of the cases, in order."""
        comments = [case.comment for case in self.cases]
        return Recent(
            fingerprints([text.plain for text in self.texts]),
            tuple(comment.id for comment in comments),
            np.array([key64(case.facts.author_key) for case in self.cases], np.uint64),
            np.array([key64(comment.page) for comment in comments], np.uint64),
        )

    @cached_property
    def languages(self) -> Sequence[Language]:
        """Return the language each comment is written in, by its own words.

        What the caller named, or else the site's language, is what to expect of them. What
        seems foreign is looked at again in plain letters: Latin words in borrowed ones
        ("уоu") are no Ukrainian.
        """
        hints = [case.comment.lang or case.facts.site_lang for case in self.cases]
        found = identify([case.comment.content for case in self.cases], hints)
        foreign = [row for row, language in enumerate(found) if not language.is_served]
        if foreign:
            plain = [self.texts[row].plain for row in foreign]
            again = identify(plain, [hints[row] for row in foreign])
            for row, language in zip(foreign, again, strict=True):
                if language.is_sure and language.is_served:
                    found[row] = language
        return found

    @cached_property
    def langs(self) -> Sequence[str]:
        """Return the language to judge each comment in (``language.judged_in``)."""
        rows = zip(self.cases, self.languages, strict=True)
        return [judged_in(case.comment.lang, found) for case, found in rows]

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
        return replace(self, cases=[self.cases[index]])


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
