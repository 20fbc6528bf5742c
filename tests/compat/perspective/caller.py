"""Clients of the doors that score: they call as the genuine ones do."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

import orjson
from werkzeug.test import TestResponse

from service.store.doors.door_keys import Door
from tests.api.house import House

ANALYZE = "/v1alpha1/comments:analyze"
SUGGEST = "/v1alpha1/comments:suggestscore"
MODERATIONS = "/v1/moderations"
CORAL_SECRET = "a secret that Coral made"


@dataclass
class Caller:
    """A site's server with a key for each door."""

    house: House
    key: str
    openai_key: str

    @classmethod
    def of(cls, house: House, site: str = "demo") -> Caller:
        """Make the keys."""
        keys = house.services.store.door_keys
        keys.take(site, Door.CORAL, CORAL_SECRET, "")
        made = [keys.create(site, door, "")[1] for door in (Door.PERSPECTIVE, Door.OPENAI)]
        return cls(house, *made)

    def post(self, path: str, body: Any, **more: Any) -> TestResponse:
        """Post a body to the door of Perspective with the key."""
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        more = {"query_string": {"key": self.key}, "content_type": "application/json", **more}
        return self.house.client.post(path, data=raw, **more)

    def analyze(self, text: str, *names: str, **fields: Any) -> dict[str, Any]:
        """Return what a good call answers."""
        body = {
            "comment": {"text": text, **fields.pop("comment", {})},
            "requestedAttributes": {name: {} for name in names or ("TOXICITY",)},
            **fields,
        }
        answer = self.post(ANALYZE, body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.content_type == "application/json; charset=UTF-8"
        found: dict[str, Any] = answer.get_json()
        return found

    def score(self, text: str, name: str = "TOXICITY", **fields: Any) -> float:
        """Return one summary score."""
        scores = self.analyze(text, name, **fields)["attributeScores"]
        value: float = scores[name]["summaryScore"]["value"]
        return value

    def moderate(self, body: Any, **more: Any) -> TestResponse:
        """Post a body to the door of OpenAI."""
        headers = {"Authorization": f"Bearer {self.openai_key}"}
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.house.client.post(
            MODERATIONS,
            data=raw,
            **{"headers": headers, "content_type": "application/json", **more},
        )

    def coral(
        self,
        body: str | None,
        role: str = "COMMENTER",
        secret: str = CORAL_SECRET,
        site: str = "demo",
    ) -> TestResponse:
        """Call as Coral does: the body is signed as it is written, in pretty JSON."""
        data = {
            "action": "NEW",
            "comment": {"body": body, "parentID": None},
            "author": {"id": "c0ffee", "role": role},
            "story": {"id": "story-1", "url": "https://journal.example/a"},
            "site": {"id": "site-1"},
            "tenantID": "tenant-1",
            "tenantDomain": "coral.example",
        }
        raw = json.dumps(data, indent=2, ensure_ascii=False).encode()
        return self.coral_raw(raw, signature(raw, secret), site)

    def coral_raw(self, raw: bytes, header: str, site: str = "demo") -> TestResponse:
        """Post a body with a signature."""
        return self.house.client.post(
            f"/coral/{site}",
            data=raw,
            content_type="application/json",
            headers={"X-Coral-Signature": header},
        )


def signature(raw: bytes, secret: str) -> str:
    """Sign as Coral does."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def google_error(answer: TestResponse, code: int, status: str) -> dict[str, Any]:
    """Check that an answer is an error in Google's shape; return it."""
    assert answer.status_code == code, answer.get_data(as_text=True)
    assert answer.mimetype == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    error: dict[str, Any] = answer.get_json()["error"]
    assert (error["code"], error["status"]) == (code, status)
    assert error["message"]
    return error


def analyzer_error(answer: TestResponse, kind: str) -> dict[str, Any]:
    """Check that an answer is an error of the analyzer itself; return it."""
    error = google_error(answer, 400, "INVALID_ARGUMENT")
    (detail,) = error["details"]
    assert detail["@type"] == "type.googleapis.com/google.commentanalyzer.v1alpha1.Error"
    assert detail["errorType"] == kind
    return error
