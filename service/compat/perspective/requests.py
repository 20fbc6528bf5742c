"""What a call asks for, once every rule of the API has been looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from marshmallow import ValidationError

from service.compat.json_sent import NotJson, json_in
from service.compat.markup import Plain, plain_of
from service.compat.perspective import errors
from service.compat.perspective.attributes import attribute_of
from service.moderation.signal import Attribute
from service.schemas.perspective import AnalyzeSchema, MessageSchema, SuggestSchema
from service.schemas.text import is_blank

MOST_BYTES = 20_480
"""A comment's length in UTF-8, as the public API limits it."""
PROBABILITY = ("PROBABILITY", "SCORE_TYPE_UNSPECIFIED")


@dataclass(frozen=True, slots=True)
class Words:
    """Hold a comment as it was sent and as a reader sees it, which is the same but for HTML."""

    sent: str
    seen: str
    plain: Plain | None = None

    @property
    def whole(self) -> tuple[int, int]:
        """Return the span of all that was sent."""
        return 0, len(self.sent)

    def sent_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where ``seen[start:end]``, which is not empty, stands in what was sent."""
        return self.plain.span(start, end) if self.plain else (start, end)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Hold one attribute as it was asked for: by which name, and from which score on."""

    name: str
    attribute: Attribute
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """Hold a call of ``analyze``."""

    words: Words
    wanted: Sequence[Wanted]
    languages: Sequence[str]
    client_token: str
    has_spans: bool
    drops_unsupported: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Hold a call of ``suggestscore``: what the caller thinks the scores are, 0..1."""

    words: Words
    wanted: Sequence[Wanted]
    scores: Mapping[Attribute, float]
    languages: Sequence[str]
    client_token: str


def read_analysis(raw: bytes) -> Analysis:
    """Return the call of ``analyze`` in a body; raise ``ApiError``."""
    data = _read(_schemas()[0], raw)
    words = _words(data["comment"])
    _check_context(data["context"])
    asked: Mapping[str, Any] = data["requested_attributes"]
    if not asked:
        raise errors.analyzer_error("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes")
    drops = data["drop_unsupported_attributes"]
    wanted = [
        _wanted(name, parameters) for name, parameters in asked.items() if _is_known(name, drops)
    ]
    langs = _languages(data)
    return Analysis(words, wanted, langs, data["client_token"], data["span_annotations"], drops)


def read_suggestion(raw: bytes) -> Suggestion:
    """Return the call of ``suggestscore`` in a body; raise ``ApiError``."""
    data = _read(_schemas()[1], raw)
    words = _words(data["comment"])
    _check_context(data["context"])
    suggested: Mapping[str, Any] = data["attribute_scores"]
    if not suggested:
        raise errors.invalid_request("Missing attribute_scores")
    scores = dict(_suggested(name, given) for name, given in suggested.items())
    wanted = [Wanted(name, _attribute(name)) for name in suggested]
    return Suggestion(words, wanted, scores, _languages(data), data["client_token"])


@cache
def _schemas() -> tuple[MessageSchema, MessageSchema]:
    return AnalyzeSchema(), SuggestSchema()


def _read(schema: MessageSchema, raw: bytes) -> dict[str, Any]:
    try:
        return schema.read(json_in(raw))
    except NotJson:
        raise errors.ApiError(400, errors.NOT_JSON) from None
    except ValidationError as error:
        raise errors.unreadable(error) from None


def _languages(data: Mapping[str, Any]) -> list[str]:
    """Return the languages named; an empty name is none."""
    return [lang for lang in data["languages"] if lang.strip()]


def _words(comment: Mapping[str, Any] | None) -> Words:
    sent: str = comment["text"] if comment else ""
    if comment is None or not sent:
        raise errors.comment_empty()
    if len(sent) > MOST_BYTES or (not sent.isascii() and len(sent.encode()) > MOST_BYTES):
        raise errors.comment_too_long()
    plain = plain_of(sent) if comment["type"] == "HTML" else None
    seen = plain.text if plain else sent
    if is_blank(seen):
        raise errors.comment_empty()
    return Words(sent, seen, plain)


def _check_context(context: Mapping[str, Any] | None) -> None:
    if context and context["entries"] and context["article_and_parent_comment"]:
        raise errors.invalid_request(
            "Context can have either entries or article_and_parent_comment, but both fields "
            "were populated."
        )


def _is_known(name: str, drops_unknown: bool) -> bool:
    if attribute_of(name) is not None:
        return True
    if drops_unknown:
        return False
    raise errors.unknown_attribute(name)


def _wanted(name: str, parameters: Mapping[str, Any]) -> Wanted:
    attribute = _attribute(name)
    kind = parameters["score_type"]
    if kind not in PROBABILITY:
        raise errors.invalid_request(
            f"Requested score type {kind} is not supported by attribute {_short(name)}"
        )
    return Wanted(name, attribute, parameters["score_threshold"])


def _suggested(name: str, given: Mapping[str, Any]) -> tuple[Attribute, float]:
    summary = given["summary_score"]
    if summary is None:
        raise errors.invalid_request(f"Missing summary_score for attribute {_short(name)}")
    if not 0 <= summary["value"] <= 1 or summary["type"] not in PROBABILITY:
        raise errors.invalid_request(f"Score of attribute {_short(name)} is no probability")
    return _attribute(name), summary["value"]


def _short(name: str) -> str:
    return name[: errors.LONGEST_NAME]


def _attribute(name: str) -> Attribute:
    attribute = attribute_of(name)
    if attribute is None:
        raise errors.unknown_attribute(name)
    return attribute
