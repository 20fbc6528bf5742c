"""Flood: an address or an author close to, or at, the rate limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from service.moderation.batch import Batch
from service.moderation.comment import Case, Facts
from service.moderation.signal import Attribute, Evidence, Signal

# A lively discussion uses up to half of a limit.
_CALM = 0.5
# A school or a company shares one IP address: full pressure alone holds nothing.
_IP_WEIGHT = 0.45
_EMAIL_WEIGHT = 0.5


class Flood:
    """Weigh how much of its rate limits a comment's sender has used up."""

    name = "spam.flood"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Return the signals of each case, in order."""
        return [self._look(case) for case in batch.cases]

    def _look(self, case: Case) -> Sequence[Signal]:
        if max(case.facts.ip_pressure, case.facts.email_pressure) <= _CALM:
            return ()
        return list(self._signals(case.facts))

    def _signals(self, facts: Facts) -> Iterator[Signal]:
        yield from self._signal("flood.ip", facts.ip_pressure, _IP_WEIGHT)
        yield from self._signal("flood.email", facts.email_pressure, _EMAIL_WEIGHT)

    def _signal(self, code: str, pressure: float, weight: float) -> Iterator[Signal]:
        score = (min(pressure, 1.0) - _CALM) / (1.0 - _CALM)
        if score > 0.0:
            evidence = Evidence(code, {"percent": round(pressure * 100)})
            yield Signal(self.name, Attribute.SPAM, score, weight, (evidence,))
