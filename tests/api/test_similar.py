"""Comments like one: found by meaning among the site's newest, bounded, and for staff alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from config.settings import EncoderUse
from service.judge import build_embedder
from service.moderation.learning.meaning import Floats
from service.store.sites import Scope
from tests.api.house import (
    NAMELESS_ID,
    House,
    assert_for_its_moderators,
    assert_problem,
    errors_of,
    json_of,
    look_at,
)

ASKED = "Prêt rapide entre particuliers, réponse sous 24 heures, écrivez-moi."
LIKE = (
    "J'offre un crédit à toute personne sérieuse, dossier accepté en une journée.",
    "Besoin d'argent ? Un financement sans banque, contactez-moi vite.",
)
UNLIKE = (
    "Le vieux pont sera fermé aux voitures pendant les travaux de printemps.",
    "Ma grand-mère préparait cette tarte avec les pommes du verger.",
    "L'arbitre a oublié un penalty, le match aurait dû finir à égalité.",
)


@dataclass
class Counting:
    """An encoder of one direction, which remembers what it was asked."""

    asked: list[Sequence[str]] = field(default_factory=list)
    name: str = "counting"

    def embed(self, texts: Sequence[str]) -> Floats | None:
        """Return the same for every text."""
        self.asked.append(texts)
        return np.full((len(texts), 4), 0.5, np.float32)


def post(house: House, *texts: str) -> list[str]:
    """Post texts that wait in the queue; return their ids."""
    house.change_site(policy={"premoderation": "all"}, limits={})
    key = house.key(Scope.SUBMIT)
    ids = [str(json_of(house.post_as_server(key, content=text))["id"]) for text in texts]
    house.drain()
    return ids


def similar(house: House, comment_id: str, key: str = "", **query: Any) -> dict[str, Any]:
    answer = ask(house, comment_id, key or house.key(Scope.MODERATE), **query)
    assert answer.status_code == 200, answer.json
    return json_of(answer)


def ask(house: House, comment_id: str, key: str = "", **query: Any) -> Any:
    return look_at(house, comment_id, "similar", key, **query)


def test_the_nearest_in_meaning_come_first_whatever_their_words_and_status(house: House) -> None:
    asked, *others = post(house, ASKED, *UNLIKE, *LIKE)
    house.decide(house.key(Scope.MODERATE), id=others[-1], action="spam")
    found = similar(house, asked)
    assert (found["id"], found["compared"]) == (asked, len(others))
    scores = [each["score"] for each in found["similar"]]
    assert scores == sorted(scores, reverse=True)
    assert {each["id"] for each in found["similar"][:2]} == set(others[-2:])
    assert {each["status"] for each in found["similar"][:2]} == {"held", "spam"}


def test_copies_of_one_text_are_all_the_same_in_meaning(house: House) -> None:
    asked, *others = post(house, *[f"{ASKED} {n}" for n in range(6)])
    scores = [each["score"] for each in similar(house, asked)["similar"]]
    assert len(scores) == len(others)
    assert min(scores) > 0.9


def test_a_comment_is_not_like_itself_and_the_limit_is_kept(house: House) -> None:
    asked, *others = post(house, ASKED, *UNLIKE, *LIKE)
    found = similar(house, asked, limit=3)["similar"]
    assert len(found) == 3
    assert {each["id"] for each in found} < set(others)


def test_at_most_64_are_compared_by_their_beginnings_half_of_them_from_the_queue(
    house: House,
) -> None:
    counting = Counting()
    house.replace(embedder=lambda: counting)
    long = "La question du vieux pont mérite mieux. " + UNLIKE[0] * 10
    ids = post(house, long, *(f"Avis numéro {n} sur la question." for n in range(100)))
    key = house.key(Scope.MODERATE)
    for start, action in enumerate(("approve", "reject", "spam")):
        house.decide(key, ids=ids[start * 20 + 1 : start * 20 + 21], action=action)
    found = similar(house, ids[0], limit=100)
    assert found["compared"] == 64
    statuses = [each["status"] for each in found["similar"]]
    assert {name: statuses.count(name) for name in set(statuses)} == {
        "held": 31, "approved": 11, "rejected": 11, "spam": 11,
    }  # fmt: skip
    (texts,) = counting.asked
    assert len(texts) == 65
    assert max(map(len, texts)) == 300


def test_without_an_encoder_nothing_is_compared(house: House) -> None:
    asked, *_ = post(house, ASKED, *LIKE)
    house.replace(embedder=lambda: None)
    assert similar(house, asked) == {"id": asked, "compared": 0, "similar": []}


def test_where_the_encoder_is_off_nothing_is_compared(house: House) -> None:
    asked, *_ = post(house, ASKED, *LIKE)
    off = replace(house.services.settings, encoder=EncoderUse.OFF)
    house.replace(embedder=lambda: build_embedder(off))
    assert similar(house, asked)["compared"] == 0


def test_a_withdrawn_comment_is_like_nothing(house: House) -> None:
    asked, other = post(house, ASKED, LIKE[0])
    key = house.key(Scope.MODERATE)
    posted = json_of(house.post(content=LIKE[1], email="r@example.org"))
    house.drain()
    house.client.delete(posted["links"]["self"], headers={"Edit-Token": posted["edit_token"]})
    assert [each["id"] for each in similar(house, asked, key)["similar"]] == [other]
    assert similar(house, posted["id"], key)["similar"] == []


def test_alone_on_its_site_a_comment_is_like_nothing(house: House) -> None:
    (asked,) = post(house, ASKED)
    assert similar(house, asked)["similar"] == []


def test_it_is_for_those_who_may_moderate_this_site(house: House) -> None:
    (asked,) = post(house, ASKED)
    assert_for_its_moderators(house, asked, "similar")


@pytest.mark.parametrize("comment_id", [NAMELESS_ID, "x", "x" * 300])
def test_a_comment_nobody_knows_is_not_found(house: House, comment_id: str) -> None:
    answer = ask(house, comment_id, house.key(Scope.MODERATE))
    assert_problem(answer, 404, "comment-unknown")


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"colour": "red"}])
def test_a_question_that_makes_no_sense_is_told_why(house: House, query: dict[str, Any]) -> None:
    (asked,) = post(house, ASKED)
    answer = ask(house, asked, house.key(Scope.MODERATE), **query)
    assert list(errors_of(answer)) == list(query)
