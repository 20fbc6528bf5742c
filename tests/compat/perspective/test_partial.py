"""The standard parameters of Google's APIs: a part of the answer, and how it is written."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.compat.perspective.masks import LONGEST, Mask, MaskBroken, mask_of, masked
from tests.compat.perspective.caller import ANALYZE, SUGGEST, Caller, google_error

INSULT = "You are an idiot."
MESSAGE = "AnalyzeCommentResponse"
WHOLE: dict[str, Any] = {
    "attributeScores": {
        name: {
            "spanScores": [
                {"begin": begin, "end": begin + 4, "score": {"value": 0.5, "type": "PROBABILITY"}}
                for begin in (0, 4)
            ],
            "summaryScore": {"value": 0.75, "type": "PROBABILITY"},
        }
        for name in ("TOXICITY", "INSULT@6")
    },
    "languages": ["en"],
    "detectedLanguages": ["en", "fr"],
    "clientToken": "me",
}


def call(caller: Caller, path: str = ANALYZE, **query: str) -> Any:
    body = {
        "comment": {"text": INSULT},
        "requestedAttributes": {"TOXICITY": {}, "INSULT": {}},
        "clientToken": "me",
    }
    return caller.post(path, body, query_string={"key": caller.key, **query})


def part(fields: str) -> Any:
    return masked(WHOLE, mask_of(fields, MESSAGE))


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ("*", WHOLE),
        ("languages", {"languages": ["en"]}),
        (" languages , clientToken ", {"languages": ["en"], "clientToken": "me"}),
        (
            "attributeScores/TOXICITY/summaryScore/value",
            {"attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.75}}}},
        ),
        (
            "attribute_scores.TOXICITY.summary_score.value",
            {"attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.75}}}},
        ),
        (
            "attributeScores(TOXICITY(summaryScore/value,spanScores(begin,score/value)))",
            {
                "attributeScores": {
                    "TOXICITY": {
                        "spanScores": [
                            {"begin": 0, "score": {"value": 0.5}},
                            {"begin": 4, "score": {"value": 0.5}},
                        ],
                        "summaryScore": {"value": 0.75},
                    }
                }
            },
        ),
        (
            "attributeScores/*/summaryScore/value,attributeScores/INSULT@6/spanScores/end",
            {
                "attributeScores": {
                    "TOXICITY": {"summaryScore": {"value": 0.75}},
                    "INSULT@6": {
                        "spanScores": [{"end": 4}, {"end": 8}],
                        "summaryScore": {"value": 0.75},
                    },
                }
            },
        ),
        ("languages,languages", {"languages": ["en"]}),
        ("attributeScores/SPAM", {}),
    ],
)
def test_a_mask_leaves_what_it_names(fields: str, left: Any) -> None:
    assert part(fields) == left


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ("scores", "scores"),
        ("attributeScores/TOXICITY/score", "attributeScores.TOXICITY.score"),
        ("languages/en", "languages.en"),
        ("attributeScores/TOXICITY/summaryScore(value,kind)",
         "attributeScores.TOXICITY.summaryScore.kind"),
    ],
)  # fmt: skip
def test_a_path_to_nothing_is_refused_as_google_does(
    caller: Caller, fields: str, path: str
) -> None:
    error = google_error(call(caller, fields=fields), 400, "INVALID_ARGUMENT")
    assert error["message"] == "Request contains an invalid argument."
    assert error["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [
                {
                    "field": path,
                    "description": "Error expanding 'fields' parameter. Cannot find matching "
                    f"fields for path '{path}'.",
                }
            ],
        }
    ]


@pytest.mark.parametrize(
    "fields",
    [
        ",", "languages,", "a//b", "/languages", "attributeScores(", "attributeScores()",
        "languages)", "attributeScores(TOXICITY", "attributeScores(TOXICITY)/summaryScore",
        "(" * 1000, "attributeScores/" * 11 + "a", "x" * (LONGEST + 1), "\x00", "*/value",
    ],
)  # fmt: skip
def test_what_is_no_mask_is_refused(caller: Caller, fields: str) -> None:
    google_error(call(caller, fields=fields), 400, "INVALID_ARGUMENT")


@given(st.text("a*/.,()@ languages", max_size=60) | st.text(max_size=60))
def test_any_text_is_a_mask_or_refused(fields: str) -> None:
    with suppress(MaskBroken):
        assert isinstance(mask_of(fields, MESSAGE), Mask)


def test_the_door_answers_in_part(caller: Caller) -> None:
    found = call(caller, fields="attributeScores/TOXICITY/summaryScore/value").get_json()
    assert found["attributeScores"]["TOXICITY"]["summaryScore"].keys() == {"value"}
    assert found.keys() == {"attributeScores"}
    assert found["attributeScores"].keys() == {"TOXICITY"}
    assert call(caller, **{"$fields": "clientToken"}).get_json() == {"clientToken": "me"}
    body = {"comment": {"text": INSULT}, "attributeScores": {"TOXICITY": {"summaryScore": {}}}}
    query = {"key": caller.key, "fields": "clientToken"}
    taught = caller.post(SUGGEST, {**body, "clientToken": "me"}, query_string=query)
    assert taught.get_json() == {"clientToken": "me"}


def test_the_mask_may_come_in_a_header(caller: Caller) -> None:
    body = {"comment": {"text": INSULT}, "requestedAttributes": {"TOXICITY": {}}}
    answer = caller.post(ANALYZE, body, headers={"X-Goog-FieldMask": "languages"})
    assert answer.get_json() == {"languages": ["en"]}


def test_answers_and_errors_are_indented_unless_that_is_not_wanted(caller: Caller) -> None:
    for query in ({"alt": "json"}, {"fields": "nothing"}):
        assert b'{\n  "' in call(caller, **query).data
        assert b"\n" not in call(caller, **query, prettyPrint="false").data
    assert b"\n" not in caller.house.client.get("/$discovery/rest?prettyPrint=false").data


@pytest.mark.parametrize("alt", ["xml", "media", "proto", "JSON", "x" * 5000])
def test_there_is_no_other_format_than_json(caller: Caller, alt: str) -> None:
    error = google_error(call(caller, alt=alt), 400, "INVALID_ARGUMENT")
    assert error["details"][0]["fieldViolations"][0]["field"] == "alt"
    assert len(str(error)) < 1000
    google_error(caller.house.client.get("/$discovery/rest?alt=atom"), 400, "INVALID_ARGUMENT")


def test_the_discovery_document_names_them(caller: Caller) -> None:
    document = caller.house.client.get("/$discovery/rest").get_json()
    named = document["parameters"]
    assert named["alt"]["enum"] == ["json"]
    assert named["prettyPrint"]["type"] == "boolean"
    assert "partial response" in named["fields"]["description"]
