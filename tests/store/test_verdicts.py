"""Verdicts as they are stored: all of them come back, those of older versions too."""

from __future__ import annotations

from dataclasses import replace

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


def model(score: float, percent: int) -> Signal:
    said = (Evidence("toxicity.model", {"percent": percent}),)
    return Signal("toxicity.linear", Attribute.TOXICITY, score, 1.0, said)


WORD = Signal(
    "toxicity.lexicon",
    Attribute.TOXICITY,
    0.9,
    0.2,
    (Evidence("toxicity.word", {"word": "sot"}, (Span(3, 6), Span(0, 3, "author"))),),
)


@pytest.mark.parametrize("in_full", [False, True])
@pytest.mark.parametrize(
    ("scores", "signals", "log_only"),
    [
        ({}, (), ()),
        ({Attribute.TOXICITY: 0.125}, (model(0.125, 12),), ()),
        ({Attribute.TOXICITY: 0.2825}, (model(0.125, 12), WORD), ()),
        ({Attribute.TOXICITY: 0.125}, (model(0.125, 99),), ()),
        ({Attribute.TOXICITY: 0.125}, (model(0.125, 12), WORD), (WORD.check,)),
        ({}, (model(0.125, 12),), ()),
        ({Attribute.SPAM: 0.75}, (), ()),
    ],
)
def test_whatever_is_left_out_is_found_again(
    scores: dict[Attribute, float],
    signals: tuple[Signal, ...],
    log_only: tuple[str, ...],
    *,
    in_full: bool,
) -> None:
    verdict = replace(WHOLE, scores=scores, signals=signals, log_only=log_only)
    assert verdict_from(verdict_json(verdict, in_full=in_full)) == verdict


def test_an_ordinary_verdict_leaves_out_what_its_signals_say() -> None:
    verdict = replace(WHOLE, scores={Attribute.TOXICITY: 0.125}, signals=(model(0.125, 12),))
    brief, full = (
        orjson.loads(verdict_json(verdict)),
        orjson.loads(verdict_json(verdict, in_full=True)),
    )
    assert "scores" not in brief
    assert full["scores"] == {"toxicity": 0.125}
    assert brief["signals"] == [["toxicity.linear", "toxicity", 0.125, 1.0, [["toxicity.model"]]]]
    assert full["signals"][0][4] == [["toxicity.model", {"percent": 12}, []]]
