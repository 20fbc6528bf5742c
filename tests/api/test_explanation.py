"""Which words moved a score: both models' words, bounded, and for staff alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from config.settings import EncoderUse
from service.api.explained import LONGEST_CHARS, MOST_ATTRIBUTES
from service.judge import cascade
from service.moderation.cascade import Cascade
from service.moderation.models.linear import LinearModel
from service.moderation.weightiest import MOST_WORDS
from service.store.sites import Scope
from tests.api.house import (
    INSULT,
    NAMELESS_ID,
    House,
    assert_for_its_moderators,
    assert_problem,
    errors_of,
    json_of,
    look_at,
)

CALM = "Le vieux pont sera fermé aux voitures pendant les travaux de printemps."


def post(house: House, text: str) -> str:
    """Post a text that waits in the queue; return its id."""
    house.change_site(policy={"premoderation": "all"}, limits={})
    comment_id = str(json_of(house.post_as_server(content=text))["id"])
    house.drain()
    return comment_id


def ask(house: House, comment_id: str, key: str = "", **query: Any) -> Any:
    return look_at(house, comment_id, "explanation", key, **query)


def told(house: House, comment_id: str) -> dict[str, Any]:
    answer = ask(house, comment_id, house.key(Scope.MODERATE))
    assert answer.status_code == 200, answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    return json_of(answer)


def test_each_models_words_are_told_with_their_place_and_amount(house: House) -> None:
    found = told(house, post(house, INSULT))
    assert found["read"] == len(INSULT)
    rows = found["explanation"]
    assert {each["stage"] for each in rows} == {"linear", "encoder"}
    for each in rows:
        assert INSULT[each["start"] : each["end"]] == each["words"]
    by_words = [row for row in rows if (row["attribute"], row["stage"]) == ("insult", "linear")]
    two = sorted(by_words, key=lambda row: -float(row["amount"]))[:2]
    assert {row["words"] for row in two} == {"connard", "abruti"}


def test_the_judges_own_settings_of_the_encoder_hold(house: House) -> None:
    comment_id = post(house, INSULT)
    off = replace(house.services.settings, encoder=EncoderUse.OFF)
    house.replace(models=partial(cascade, off))
    assert {each["stage"] for each in told(house, comment_id)["explanation"]} == {"linear"}


def test_of_a_calm_comment_nothing_is_told(house: House) -> None:
    assert told(house, post(house, CALM))["explanation"] == []


def test_a_long_comment_is_read_from_its_beginning_and_told_in_bounds(house: House) -> None:
    beginning = "Le vieux pont sera fermé aux voitures. " * 60
    late = told(house, post(house, beginning + INSULT))
    assert late["read"] == LONGEST_CHARS
    assert "connard" not in str(late)
    rude = told(house, post(house, f"{INSULT} " * 60))
    kinds = [(each["attribute"], each["stage"]) for each in rude["explanation"]]
    assert len({attribute for attribute, _ in kinds}) <= MOST_ATTRIBUTES
    assert max(kinds.count(kind) for kind in kinds) == MOST_WORDS
    assert max(each["end"] for each in rude["explanation"]) <= LONGEST_CHARS


def test_without_words_nothing_is_told(house: House) -> None:
    posted = json_of(house.post(content=INSULT))
    house.drain()
    house.client.delete(posted["links"]["self"], headers={"Edit-Token": posted["edit_token"]})
    assert told(house, posted["id"]) == {"id": posted["id"], "read": 0, "explanation": []}


def test_where_the_models_cannot_be_loaded_that_is_said(house: House, tmp_path: Path) -> None:
    comment_id = post(house, INSULT)
    (tmp_path / "damaged").write_bytes(b"no weights")
    house.replace(models=lambda: Cascade.alone(LinearModel.load(tmp_path / "damaged")))
    answer = ask(house, comment_id, house.key(Scope.MODERATE), lang="fr")
    problem = assert_problem(answer, 503, "models-missing")
    assert problem["title"] == "Les modèles ne peuvent pas être chargés ici."


def test_it_is_for_those_who_may_moderate_this_site(house: House) -> None:
    asked = post(house, INSULT)
    assert_for_its_moderators(house, asked, "explanation")


@pytest.mark.parametrize("comment_id", [NAMELESS_ID, "x", "x" * 300])
def test_a_comment_nobody_knows_is_not_found(house: House, comment_id: str) -> None:
    answer = ask(house, comment_id, house.key(Scope.MODERATE))
    assert_problem(answer, 404, "comment-unknown")


def test_a_question_that_makes_no_sense_is_told_why(house: House) -> None:
    answer = ask(house, NAMELESS_ID, house.key(Scope.MODERATE), colour="red")
    assert list(errors_of(answer)) == ["colour"]
