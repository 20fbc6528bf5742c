"""Disposable e-mail: an address that stops existing within the hour."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.signal import Attribute, Evidence, Signal

_SCORE = 0.35


class DisposableEmail:
    """Note an author's throwaway address: some people only guard their privacy with one."""

    name = "spam.disposable_email"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case) for case in batch.cases]

    def _look(self, case: Case) -> Sequence[Signal]:
        if not case.facts.email_is_disposable:
            return ()
        evidence = Evidence("email.disposable", {"domain": case.facts.email_domain})
        return (Signal(self.name, Attribute.SPAM, _SCORE, evidence=(evidence,)),)
