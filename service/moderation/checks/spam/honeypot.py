"""Honeypot: a form field that people do not see and robots fill in."""

from __future__ import annotations

from collections.abc import Sequence

from service.moderation.batch import Batch
from service.moderation.comment import Case
from service.moderation.signal import Attribute, Evidence, Signal

# Short of certainty: a password manager may fill the field for an honest reader.
_SCORE = 0.9


class Honeypot:
    """Note a filled honeypot field."""

    name = "spam.honeypot"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case) for case in batch.cases]

    def _look(self, case: Case) -> Sequence[Signal]:
        if not case.facts.honeypot_filled:
            return ()
        return (Signal(self.name, Attribute.SPAM, _SCORE, evidence=(Evidence("honeypot"),)),)
