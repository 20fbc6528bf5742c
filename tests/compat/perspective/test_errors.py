"""Errors of the door: Google's shape, whatever is wrong."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from service.api.services import Services
from service.moderation.batch import Batch
from service.moderation.pipeline import Pipeline
from service.moderation.signal import Signal
from service.store.sites import DEFAULT_LIMITS, Limit, Site
from tests.api.house import House, pipeline
from tests.compat.perspective.caller import (
    ANALYZE,
    SUGGEST,
    Caller,
    analyzer_error,
    google_error,
)

TOXICITY: dict[str, Any] = {"TOXICITY": {}}


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({"comment": {"text": ""}, "requestedAttributes": TOXICITY},
         "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"requestedAttributes": TOXICITY}, "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"comment": {"text": " \n\u200b"}, "requestedAttributes": TOXICITY},
         "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"comment": {"text": "<p></p>", "type": "HTML"}, "requestedAttributes": TOXICITY},
         "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"comment": {"text": "é" * 10_241}, "requestedAttributes": TOXICITY},
         "COMMENT_TOO_LONG", "Comment text too long."),
        ({"comment": {"text": "a"}}, "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        ({"comment": {"text": "a"}, "requestedAttributes": {}},
         "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        ({"comment": {"text": "a"}, "requestedAttributes": {"LIKELY_TO_REJECT": {}}},
         "INVALID_REQUEST", "Unknown requested attribute: LIKELY_TO_REJECT"),
        ({"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {"scoreType": "RAW"}}},
         "INVALID_REQUEST", "Requested score type RAW is not supported by attribute TOXICITY"),
        ({"comment": {"text": "a"}, "requestedAttributes": TOXICITY,
          "context": {"entries": [{"text": "b"}], "articleAndParentComment": {"article": {}}}},
         "INVALID_REQUEST", "Context can have either entries or article_and_parent_comment, but "
         "both fields were populated."),
        ({"comment": {"text": "a"}, "requestedAttributes": {"INSULT": {}}, "languages": ["is"]},
         "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
         "Attribute INSULT does not support request languages: is"),
        ({"comment": {"text": "a"}, "requestedAttributes": {"SPAM": {}}, "languages": ["nl"]},
         "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
         "Attribute SPAM does not support request languages: nl"),
        ({"comment": {"text": "a"}, "requestedAttributes": TOXICITY, "languages": ["hi-Latn"]},
         "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
         "Attribute TOXICITY does not support request languages: hi-Latn"),
    ],
)  # fmt: skip
def test_each_of_the_analyzers_errors_has_its_kind_and_its_message(
    caller: Caller, body: Any, kind: str, message: str
) -> None:
    assert analyzer_error(caller.post(ANALYZE, body), kind)["message"] == message


def test_a_language_that_was_found_and_is_not_served_is_told_apart(caller: Caller) -> None:
    body = {"comment": {"text": "Ты полный идиот, уходи отсюда"}, "requestedAttributes": TOXICITY}
    error = analyzer_error(caller.post(ANALYZE, body), "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE")
    told = error["details"][0]["languageNotSupportedByAttributeError"]
    assert told == {"detectedLanguages": ["ru"], "attribute": "TOXICITY"}


def test_a_text_no_language_is_known_of_is_an_error_on_a_site_without_one(house: House) -> None:
    house.services.store.sites.create(Site("nowhere", lang=""))
    caller = Caller.of(house, "nowhere")
    body = {"comment": {"text": "12345"}, "requestedAttributes": TOXICITY}
    analyzer_error(caller.post(ANALYZE, body), "LANGUAGE_DETECTION_FAILED")


@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
def test_a_wrong_key_and_none_are_told_apart_and_counted(
    caller: Caller, house: House, path: str
) -> None:
    wrong = google_error(
        caller.post(path, {}, query_string={"key": "wrong"}), 400, "INVALID_ARGUMENT"
    )
    assert wrong["message"] == "API key not valid. Please pass a valid API key."
    assert wrong["details"][0]["reason"] == "API_KEY_INVALID"
    missing = google_error(caller.post(path, {}, query_string={}), 403, "PERMISSION_DENIED")
    assert "unregistered callers" in missing["message"]
    counts = house.services.store.door_counts.unknown()
    assert sum(each.calls for each in counts.values()) >= 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not an object in valid JSON"),
        (b"{", "not an object in valid JSON"),
        (b"[]", "not an object in valid JSON"),
        (b"null", "not an object in valid JSON"),
        (b"\xff\xfe", "not an object in valid JSON"),
        (b'{"comment": {"text": "\\ud800"}', "not an object in valid JSON"),
        (b'{"a": "\\ud800", "b": NaN}', "not an object in valid JSON"),
        (b'["\\ud800"' + b",[" * 50_000, "not an object in valid JSON"),
        (b"[" * 50_000, "not an object in valid JSON"),
        (b'{"context":' * 5000 + b"1" + b"}" * 5000, ""),
        ({"coment": {}}, "Unknown name \"coment\": Cannot find field."),
        ({"comment": {"txt": ""}}, "Unknown name \"txt\" at 'comment': Cannot find field."),
        ({"comment": "a"}, "'comment' (TYPE_MESSAGE)"),
        ({"comment": {"text": 1}}, "'comment.text' (TYPE_STRING)"),
        ({"comment": {"text": "a", "type": "MARKDOWN"}}, "'comment.type' (TextType)"),
        ({"languages": "fr"}, "'languages' (TYPE_MESSAGE)"),
        ({"languages": [1]}, "'languages.0' (TYPE_STRING)"),
        ({"languages": ["fr"] * 1000}, "too many"),
        ({"doNotStore": 1}, "'doNotStore' (TYPE_BOOL)"),
        ({"doNotStore": True, "do_not_store": True}, "already set"),
        ({"requestedAttributes": []}, "'requestedAttributes' (TYPE_MESSAGE)"),
        ({"requestedAttributes": {"TOXICITY": {"scoreThreshold": "x"}}}, "(TYPE_FLOAT)"),
        ({"requestedAttributes": {"TOXICITY": {"scoreThreshold": "NaN"}}}, "(TYPE_FLOAT)"),
        ({"requestedAttributes": {"TOXICITY": {"scoreThreshold": True}}}, "(TYPE_FLOAT)"),
        ({"requestedAttributes": {f"A{n}": {} for n in range(500)}}, "too many"),
        ({"context": {"entries": [{"text": "a"}, 3]}}, "'context.entries.1' (TYPE_MESSAGE)"),
        ({"x" * 100_000: 1}, "Cannot find field."),
    ],
)  # fmt: skip
def test_a_body_that_does_not_fit_is_refused_with_the_field_that_objects(
    caller: Caller, body: Any, message: str
) -> None:
    answer = caller.post(ANALYZE, body)
    error = google_error(answer, 400, "INVALID_ARGUMENT")
    assert message in error["message"]
    assert len(answer.data) < 2_000


def test_a_huge_body_is_refused_by_its_size(caller: Caller) -> None:
    google_error(caller.post(ANALYZE, b" " * 300_000), 413, "INVALID_ARGUMENT")


def test_the_longest_comment_fits_written_in_escapes(caller: Caller) -> None:
    text = "а" * 10_000 + " bonjour"
    body = b'{"comment":{"text":"' + b"\\u0430" * 10_000 + b' bonjour"},"languages":["fr"],'
    body += b'"requestedAttributes":{"TOXICITY":{}}}'
    assert len(text.encode()) <= 20_480
    assert caller.post(ANALYZE, body).status_code == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_refused_and_the_right_one_named(caller: Caller, method: str) -> None:
    answer = caller.house.client.open(ANALYZE, method=method)
    google_error(answer, 405, "UNIMPLEMENTED")
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "path", ["/v1alpha1/comments:delete", "/v1alpha1/", "/batch/drive/v3", "/$discovery/nothing"]
)
def test_what_is_not_there_is_told_in_the_same_shape(caller: Caller, path: str) -> None:
    google_error(caller.house.client.post(path), 404, "NOT_FOUND")


def test_a_site_that_asks_too_often_hears_of_its_quota(house: House) -> None:
    limits = {**DEFAULT_LIMITS, "site": Limit(3, 60)}
    house.services.store.sites.create(Site("busy", lang="fr", limits=limits))
    caller = Caller.of(house, "busy")
    for _ in range(3):
        caller.analyze("Bonjour")
    body = {"comment": {"text": "Bonjour"}, "requestedAttributes": TOXICITY}
    answer = caller.post(ANALYZE, body)
    error = google_error(answer, 429, "RESOURCE_EXHAUSTED")
    assert error["message"].startswith("Quota exceeded for quota metric 'Analysis requests'")
    assert error["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert error["details"][0]["metadata"]["quota_limit_value"] == "3"
    assert 1 <= int(answer.headers["Retry-After"]) <= 21


class Broken:
    """A check that cannot judge."""

    name = "toxicity.broken"

    def review(self, batch: Batch) -> list[list[Signal]]:
        raise ValueError(batch.cases[0].comment.content)


def test_where_a_check_is_down_there_is_no_number(caller: Caller, house: House) -> None:
    before: Services = house.services
    house.replace(pipeline=lambda: Pipeline((*pipeline().checks, Broken())))
    try:
        body = {"comment": {"text": "un secret"}, "requestedAttributes": TOXICITY}
        answer = caller.post(ANALYZE, orjson.dumps(body))
        google_error(answer, 503, "UNAVAILABLE")
        assert b"secret" not in answer.data
    finally:
        house.replace(pipeline=before.pipeline)
