"""Duplicates: a text that stands on the site already, or all over others, nearly or quite."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.checks.spam.addresses import Link
from service.moderation.checks.spam.links import batch_links, has_address
from service.moderation.comment import Case
from service.moderation.copies import CAMPAIGN, Copies, find_copies, find_everywhere
from service.moderation.signal import Attribute, Evidence, Signal

# Readers thank, condole and congratulate in the same words: what is short and leads nowhere
# says nothing, and a sentence is only ever a hint.
_LONG_CHARS = 100
_SENTENCE_CHARS = 60
_SENTENCE_SCORE = 0.3
_OTHER_AUTHOR = 0.75
_SAME_AUTHOR = 0.4
# How far a text that is only alike counts, at most, against one that is the same.
_NEAR_FACTOR = 0.75
# Each further copy removes this share of the remaining doubt.
_PER_COPY = 0.25
_MAX_COPIES = 8
# From so many earlier copies, by several authors or on several pages, it is a campaign.
_CAMPAIGN_COPIES = 5
_CAMPAIGN_PAGES = 3


class Duplicates:
    """Compare each comment with the site's rolling window and with earlier ones of its batch.

    What stands on the operator's other sites counts only where it makes a campaign: readers
    of two sites may well send the same to both. Two comments without an author's key pass
    for one author's: the benefit of the doubt.
    """

    name = "spam.duplicates"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        links, copies = batch.once(batch_links), batch.once(find_copies)
        rows = zip(batch.cases, links, copies, batch.once(find_everywhere), strict=True)
        return [self._look(*row) if row[-1].times else () for row in rows]

    def _look(
        self, case: Case, links: Sequence[Link], here: Copies, everywhere: Copies
    ) -> Sequence[Signal]:
        if not _adds_up(case, links):
            return self._hint(case, here)
        copies = everywhere if _code(everywhere) == CAMPAIGN else here
        if not copies.times:
            return ()
        evidence = Evidence(_code(copies), {"times": copies.times})
        return (Signal(self.name, Attribute.SPAM, _score(copies), evidence=(evidence,)),)

    def _hint(self, case: Case, copies: Copies) -> Sequence[Signal]:
        if not copies.ids or len(case.comment.content) < _SENTENCE_CHARS:
            return ()
        evidence = Evidence(_plain_code(copies), {"times": len(copies.ids)})
        return (Signal(self.name, Attribute.SPAM, _SENTENCE_SCORE, evidence=(evidence,)),)


def _adds_up(case: Case, links: Sequence[Link]) -> bool:
    """Return whether a text says enough, or leads somewhere, for its copies to add up."""
    return len(case.comment.content) >= _LONG_CHARS or has_address(case, links)


def _code(copies: Copies) -> str:
    if copies.times >= _CAMPAIGN_COPIES and _is_spread(copies):
        return CAMPAIGN
    return _plain_code(copies)


def _plain_code(copies: Copies) -> str:
    return "duplicate.same" if copies.same else "duplicate.near"


def _is_spread(copies: Copies) -> bool:
    return copies.is_by_others or copies.pages >= _CAMPAIGN_PAGES


def _score(copies: Copies) -> float:
    base = _OTHER_AUTHOR if _is_spread(copies) else _SAME_AUTHOR
    if not copies.same:
        base *= _NEAR_FACTOR * copies.likeness
    more = min(copies.times, _MAX_COPIES) - 1
    return 1.0 - (1.0 - base) * (1.0 - _PER_COPY) ** more
