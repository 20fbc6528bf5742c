"""Form time: how long the author had the form, by the signed time in it."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.comment import Case, Facts, FormToken
from service.moderation.signal import Attribute, Evidence, Signal

# Nobody reads, writes and sends in three seconds; a paste with autofill comes close.
_TOO_FAST_S = 3.0
_TOO_FAST_WEIGHT = 0.5
_FORGED_SCORE = 0.5
# A site that expects a token also has readers behind old caches.
_ABSENT_SCORE = 0.15


class FormTime:
    """Weigh the form token: forged, missing, or hardly older than the comment."""

    name = "spam.form_time"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case.facts) if _has_form(case) else () for case in batch.cases]

    def _look(self, facts: Facts) -> Sequence[Signal]:
        if facts.form_token is FormToken.FORGED:
            return (self._signal(_FORGED_SCORE, 1.0, Evidence("form.forged")),)
        if facts.form_token is FormToken.ABSENT:
            return (self._signal(_ABSENT_SCORE, 1.0, Evidence("form.absent")),)
        return self._hurry(facts.seconds_to_submit)

    def _hurry(self, seconds: float | None) -> Sequence[Signal]:
        if seconds is None or seconds >= _TOO_FAST_S:
            return ()
        score = 1.0 - max(seconds, 0.0) / (2.0 * _TOO_FAST_S)
        evidence = Evidence("form.too_fast", {"seconds": round(max(seconds, 0.0), 1)})
        return (self._signal(score, _TOO_FAST_WEIGHT, evidence),)

    def _signal(self, score: float, weight: float, evidence: Evidence) -> Signal:
        return Signal(self.name, Attribute.SPAM, score, weight, (evidence,))


def _has_form(case: Case) -> bool:
    return case.facts.form_token is not FormToken.NOT_EXPECTED
