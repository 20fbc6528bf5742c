"""Verdicts as they are stored: all of them come back, those of older versions too."""

from __future__ import annotations

import orjson
import pytest

from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.verdict import Action, Stage, Verdict
from service.store.records import verdict_from, verdict_json

WHOLE = Verdict(
    action=Action.HOLD,
    rule="toxicity.hold",
    scores={Attribute.TOXICITY: 0.625},
    signals=(
        Signal(
            "toxicity.encoder",
            Attribute.TOXICITY,
            0.625,
            1.0,
            (Evidence("toxicity.model", {"percent": 62}, (Span(0, 4),)),),
        ),
    ),
    attribute=Attribute.TOXICITY,
    threshold=0.5,
    lang="fr",
    is_lang_served=True,
    stages=(Stage.LINEAR, Stage.ENCODER),
)


def test_a_verdict_comes_back_as_it_was_stored() -> None:
    assert verdict_from(verdict_json(WHOLE)) == WHOLE


@pytest.mark.parametrize("missing", [["stages"], ["lang", "is_lang_served", "stages"]])
def test_a_verdict_of_an_older_version_is_still_read(missing: list[str]) -> None:
    stored = orjson.loads(verdict_json(WHOLE))
    read = verdict_from(orjson.dumps({k: v for k, v in stored.items() if k not in missing}))
    assert (read.action, read.stages, read.is_lang_served) == (Action.HOLD, (), True)
    assert read.signals == WHOLE.signals
