"""`POST /v1/moderations`: our scores by OpenAI's names, and its errors."""

from __future__ import annotations

from typing import Any

import pytest

from service.compat.openai.categories import CATEGORIES, MODELLED
from service.store.sites import DEFAULT_LIMITS, Limit, Site
from tests.api.house import House
from tests.compat.perspective.caller import MODERATIONS, Caller

INSULT = "Tu es un connard et un abruti fini, ferme ta gueule."


def error_of(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.get_data(as_text=True)
    error: dict[str, Any] = answer.get_json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def test_an_insult_is_harassment_and_flagged(caller: Caller) -> None:
    body = caller.moderate({"input": INSULT, "model": "omni-moderation-latest"}).get_json()
    assert body["id"].startswith("modr-")
    (result,) = body["results"]
    assert result["flagged"] is True
    assert [name for name, is_so in result["categories"].items() if is_so] == ["harassment"]
    assert result["category_scores"]["harassment"] > 0.9


def test_all_categories_are_told_and_those_without_a_model_as_not_looked_at(
    caller: Caller,
) -> None:
    (result,) = caller.moderate({"input": INSULT}).get_json()["results"]
    for table in ("categories", "category_scores", "category_applied_input_types"):
        assert tuple(result[table]) == CATEGORIES
    applied = result["category_applied_input_types"]
    assert {name for name in CATEGORIES if applied[name] == ["text"]} == MODELLED.keys()
    unmodelled = [result["category_scores"][name] for name in CATEGORIES if not applied[name]]
    assert set(unmodelled) == {0.0}


def test_several_texts_have_a_result_each_and_the_parts_of_one_text_one(caller: Caller) -> None:
    texts = ["Bonjour à tous.", INSULT]
    results = caller.moderate({"input": texts}).get_json()["results"]
    assert [each["flagged"] for each in results] == [False, True]
    parts = [{"type": "text", "text": text} for text in texts]
    (result,) = caller.moderate({"input": parts}).get_json()["results"]
    assert result["flagged"] is True


def test_a_language_nobody_reads_is_told_as_not_looked_at(caller: Caller, house: House) -> None:
    russian = "Ты полный идиот, уходи отсюда и не возвращайся"
    (result,) = caller.moderate({"input": russian}).get_json()["results"]
    assert not any(result["category_applied_input_types"].values())
    assert result["flagged"] is False
    policy = {"other_languages": "hold"}
    house.services.store.sites.create(Site("strict", lang="fr", policy=policy))
    (held,) = Caller.of(house, "strict").moderate({"input": russian}).get_json()["results"]
    assert held["flagged"] is True


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"{", None),
        (b"[]", "input"),
        (b"[" * 50_000, None),
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": [1, 2]}, "input"),
        ({"input": ["a", 1]}, "input"),
        ({"input": ["a"] * 65}, "input"),
        ({"input": "a" * 20_481}, "input"),
        ({"input": [{"type": "image_url", "image_url": {"url": "http://x/"}}]}, "input"),
        ({"input": [{"type": "text"}]}, "input"),
    ],
)
def test_what_cannot_be_judged_is_refused(caller: Caller, body: Any, param: str | None) -> None:
    error = error_of(caller.moderate(body), 400)
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param


def test_a_wrong_key_is_refused_as_openai_does(caller: Caller) -> None:
    for headers in ({"Authorization": "Bearer sk-wrong"}, {}):
        error = error_of(caller.moderate({"input": "a"}, headers=headers), 401)
        assert error["code"] == "invalid_api_key"


def test_other_methods_and_huge_bodies_are_refused_in_the_same_shape(caller: Caller) -> None:
    assert error_of(caller.house.client.get(MODERATIONS), 405)["code"] is None
    error_of(caller.moderate(b" " * 1_100_000), 413)


def test_each_text_counts_against_the_limit(house: House) -> None:
    limits = {**DEFAULT_LIMITS, "site": Limit(3, 60)}
    house.services.store.sites.create(Site("few", lang="fr", limits=limits))
    caller = Caller.of(house, "few")
    assert caller.moderate({"input": ["a", "b", "c"]}).status_code == 200
    answer = caller.moderate({"input": "d"})
    assert error_of(answer, 429)["code"] == "rate_limit_exceeded"
    assert int(answer.headers["Retry-After"]) >= 1
