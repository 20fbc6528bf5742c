"""The discovery document: what generated clients read to learn how the API is called.

The form is Google's (Discovery Document, developers.google.com/discovery/v1/reference/apis);
google-api-python-client ships none for this API and asks the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Fields = Mapping[str, Mapping[str, Any]]

STRING = {"type": "string"}
FLAG = {"type": "boolean"}
FLOAT = {"type": "number", "format": "float"}
TEXTS = {"type": "array", "items": STRING}
SCORE_TYPE = {
    "type": "string",
    "enum": ["SCORE_TYPE_UNSPECIFIED", "PROBABILITY", "STD_DEV_SCORE", "PERCENTILE", "RAW"],
}
TEXT_TYPE = {"type": "string", "enum": ["TEXT_TYPE_UNSPECIFIED", "PLAIN_TEXT", "HTML"]}


def document(root: str) -> dict[str, Any]:
    """Return the document of the API at ``root``, an address that ends in a slash."""
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": "commentanalyzer:v1alpha1",
        "name": "commentanalyzer",
        "canonicalName": "Comment Analyzer",
        "version": "v1alpha1",
        "revision": "20261126",
        "title": "Perspective Comment Analyzer API",
        "description": "Scores what a comment may be found to be.",
        "protocol": "rest",
        "rootUrl": root,
        "servicePath": "",
        "baseUrl": root,
        "basePath": "",
        "batchPath": "batch",
        "fullyEncodeReservedExpansion": True,
        "parameters": _PARAMETERS,
        "schemas": SCHEMAS,
        "resources": {"comments": {"methods": _METHODS}},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": name}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": _ref(name)}


def _table(name: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _ref(name)}


def _schema(name: str, fields: Fields) -> dict[str, Any]:
    return {"id": name, "type": "object", "properties": dict(fields)}


def _method(name: str, kind: str) -> dict[str, Any]:
    path = f"v1alpha1/comments:{name}"
    return {
        "id": f"commentanalyzer.comments.{name}",
        "path": path,
        "flatPath": path,
        "httpMethod": "POST",
        "parameters": {},
        "parameterOrder": [],
        "request": _ref(f"{kind}Request"),
        "response": _ref(f"{kind}Response"),
    }


def _query(kind: str, default: str = "") -> dict[str, str]:
    said = {"type": kind, "location": "query"}
    return {**said, "default": default} if default else said


_PARAMETERS = {
    "$.xgafv": {**_query("string"), "enum": ["1", "2"]},
    "access_token": _query("string"),
    "alt": {
        **_query("string", "json"),
        "description": "Data format for response.",
        "enum": ["json"],
        "enumDescriptions": ["Responses with Content-Type of application/json"],
    },
    "fields": {
        **_query("string"),
        "description": "Selector specifying which fields to include in a partial response.",
    },
    "key": _query("string"),
    "oauth_token": _query("string"),
    "prettyPrint": {
        **_query("boolean", "true"),
        "description": "Returns response with indentations and line breaks.",
    },
    "quotaUser": _query("string"),
    "uploadType": _query("string"),
    "upload_protocol": _query("string"),
}
_MESSAGES: Mapping[str, Fields] = {
    "TextEntry": {"text": STRING, "type": TEXT_TYPE},
    "ArticleAndParentComment": {"article": _ref("TextEntry"), "parentComment": _ref("TextEntry")},
    "Context": {
        "entries": _list("TextEntry"),
        "articleAndParentComment": _ref("ArticleAndParentComment"),
    },
    "AttributeParameters": {"scoreType": SCORE_TYPE, "scoreThreshold": FLOAT},
    "Score": {"value": FLOAT, "type": SCORE_TYPE},
    "SpanScore": {
        "begin": {"type": "integer", "format": "int32"},
        "end": {"type": "integer", "format": "int32"},
        "score": _ref("Score"),
    },
    "AttributeScores": {"summaryScore": _ref("Score"), "spanScores": _list("SpanScore")},
    "AnalyzeCommentRequest": {
        "comment": _ref("TextEntry"),
        "context": _ref("Context"),
        "requestedAttributes": _table("AttributeParameters"),
        "spanAnnotations": FLAG,
        "languages": TEXTS,
        "doNotStore": FLAG,
        "clientToken": STRING,
        "sessionId": STRING,
        "communityId": STRING,
        "dropUnsupportedAttributes": FLAG,
    },
    "AnalyzeCommentResponse": {
        "attributeScores": _table("AttributeScores"),
        "languages": TEXTS,
        "detectedLanguages": TEXTS,
        "clientToken": STRING,
    },
    "SuggestCommentScoreRequest": {
        "comment": _ref("TextEntry"),
        "context": _ref("Context"),
        "attributeScores": _table("AttributeScores"),
        "languages": TEXTS,
        "communityId": STRING,
        "clientToken": STRING,
        "sessionId": STRING,
    },
    "SuggestCommentScoreResponse": {
        "clientToken": STRING,
        "requestedLanguages": TEXTS,
        "detectedLanguages": TEXTS,
    },
}
SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    name: _schema(name, fields) for name, fields in _MESSAGES.items()
}
_METHODS = {
    "analyze": _method("analyze", "AnalyzeComment"),
    "suggestscore": _method("suggestscore", "SuggestCommentScore"),
}
