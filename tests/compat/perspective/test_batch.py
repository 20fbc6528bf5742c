"""Several calls in one, each answered as if it had come by itself."""

from __future__ import annotations

from contextlib import suppress
from email import message_from_bytes
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service.compat.perspective.batch import MOST_CALLS, BatchBroken, calls_in
from service.store.sites import DEFAULT_LIMITS, Limit, Site
from tests.api.house import House
from tests.compat.perspective.caller import ANALYZE, Caller, google_error

KIND = 'multipart/mixed; boundary="==x=="'
ASKED = {"comment": {"text": "You are an idiot."}, "requestedAttributes": {"TOXICITY": {}}}


def call(target: str, body: Any = ASKED, name: str = "1", **headers: str) -> bytes:
    """Write one call, as Google's client for Python does."""
    raw = orjson.dumps(body)
    told = "".join(f"{header}: {value}\n" for header, value in headers.items())
    head = (
        "Content-Type: application/http\nMIME-Version: 1.0\nContent-Transfer-Encoding: binary\n"
        f"Content-ID: <base + {name}>\n\nPOST {target} HTTP/1.1\nContent-Type: application/json\n"
        f"{told}Host: a.example\ncontent-length: {len(raw)}\n\n"
    )
    return head.encode() + raw


def batch_of(*calls: bytes, line: bytes = b"\n") -> bytes:
    parts = b"".join(b"--==x==\n" + each + b"\n" for each in calls) + b"--==x==--\n"
    return parts.replace(b"\n", line)


def post(house: House, raw: bytes, kind: str = KIND, path: str = "/batch") -> TestResponse:
    return house.client.post(path, data=raw, content_type=kind)


def answers_in(answer: TestResponse) -> list[tuple[str, int, Any]]:
    """Return what each call was told: its id, its status, its JSON."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    head = f"Content-Type: {answer.content_type}\r\n\r\n".encode()
    message = message_from_bytes(head + answer.data)
    found = []
    for part in message.get_payload():
        assert part.get_content_type() == "application/http"  # type: ignore[union-attr]
        line, _, rest = part.get_payload().partition("\r\n")  # type: ignore[union-attr]
        status = int(line.split(" ")[1])
        body = orjson.loads(rest.split("\r\n\r\n", 1)[1])
        found.append((part["Content-ID"], status, body))  # type: ignore[index]
    return found


@pytest.mark.parametrize("line", [b"\n", b"\r\n"])
@pytest.mark.parametrize("path", ["/batch", "/batch/commentanalyzer/v1alpha1"])
def test_each_call_has_its_own_key_status_and_answer(
    caller: Caller, path: str, line: bytes
) -> None:
    raw = batch_of(
        call(f"{ANALYZE}?key={caller.key}"),
        call(ANALYZE, name="two", **{"X-Goog-Api-Key": caller.key}),
        call(f"{ANALYZE}?key={caller.key}&fields=languages", name="3"),
        call(f"{ANALYZE}?key={caller.key}", {"comment": {"text": ""}}, "4"),
        call(f"{ANALYZE}?key=wrong", name="5"),
        line=line,
    )
    told = answers_in(post(caller.house, raw, path=path))
    assert [(name, status) for name, status, _ in told] == [
        ("<response-base + 1>", 200),
        ("<response-base + two>", 200),
        ("<response-base + 3>", 200),
        ("<response-base + 4>", 400),
        ("<response-base + 5>", 400),
    ]
    alone = caller.post(ANALYZE, ASKED).get_json()
    assert told[0][2] == told[1][2] == alone
    assert told[2][2] == {"languages": alone["languages"]}
    assert told[3][2]["error"]["message"] == "Comment must be non-empty."
    assert "API key not valid" in told[4][2]["error"]["message"]


def test_the_batchs_own_key_is_that_of_calls_without_one(caller: Caller) -> None:
    headers = {"X-Goog-Api-Key": caller.key}
    raw = batch_of(call(ANALYZE))
    answer = caller.house.client.post("/batch", data=raw, content_type=KIND, headers=headers)
    assert [status for _, status, _ in answers_in(answer)] == [200]


@pytest.mark.parametrize(
    "target", ["/batch", "/v1/sites/demo/comments", "/healthz", "http://a.example/", "*", "//"]
)
def test_nothing_but_the_methods_of_this_api_can_be_called(caller: Caller, target: str) -> None:
    ((_, status, body),) = answers_in(post(caller.house, batch_of(call(target))))
    assert (status, body["error"]["status"]) == (404, "NOT_FOUND")


def test_every_call_counts_against_the_quota(house: House) -> None:
    limits = {**DEFAULT_LIMITS, "site": Limit(3, 60)}
    house.services.store.sites.create(Site("busy", lang="fr", limits=limits))
    key = Caller.of(house, "busy").key
    told = answers_in(post(house, batch_of(*[call(f"{ANALYZE}?key={key}")] * 4)))
    assert [status for _, status, _ in told] == [200, 200, 200, 429]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", KIND),
        (b"{}", "application/json"),
        (batch_of(), KIND),
        (batch_of(call("/a")), "multipart/mixed"),
        (batch_of(call("/a")), "multipart/mixed; boundary=other"),
        (batch_of(call("/a"))[:-6], KIND),
        (batch_of(b"nothing"), KIND),
        (batch_of(call("http://[/")), KIND),
        (batch_of(call("/a", name="x" * 300)), KIND),
        (batch_of(call("/a", name="\x00")), KIND),
        (batch_of(*[call("/a")] * (MOST_CALLS + 1)), KIND),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(house: House, raw: bytes, kind: str) -> None:
    google_error(post(house, raw, kind), 400, "INVALID_ARGUMENT")


def test_a_batch_that_is_too_large_is_refused(house: House) -> None:
    google_error(post(house, b"x" * 1_100_000), 413, "INVALID_ARGUMENT")


@given(st.binary(max_size=300) | st.text("-=x\r\n :<>", max_size=80).map(str.encode))
def test_any_bytes_are_a_batch_or_refused(raw: bytes) -> None:
    with suppress(BatchBroken):
        assert calls_in(KIND, batch_of(raw)) is not None
