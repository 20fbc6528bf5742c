"""The benchmark of decisions, made short: the store counts each one that was answered."""

from __future__ import annotations

from bench import decide
from bench.race import Pace

# One connection: of two decisions on the same twenty at once, the later may overtake the earlier
# and change nothing.
SHORT = Pace(rounds=1, seconds=0.3, warm_up_s=0.1, connections=1)


def test_every_decision_answered_is_counted_by_the_store() -> None:
    found = decide.run(SHORT, held=40)
    assert found["single"].answered > 0
    assert found["bulk"].weight == 20
    assert found["bulk"].rates[0] == found["bulk"].loads[0].rate * 20
    assert "20 at a time" in decide.text_of(found, SHORT, held=40)
