"""Every route against generated requests: never a failure of ours, always a problem of theirs.

A few hundred requests from a fixed seed; ``FUZZ_EXAMPLES=20000`` makes it a campaign
that starts somewhere else each time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes

import orjson
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule

from config.settings import Settings
from service.app import create_app
from service.compat.openai import views as openai
from service.schemas.bans import BanBodySchema, BansQuerySchema
from service.schemas.deciding import (
    ChangesQuerySchema,
    ClaimsQuerySchema,
    EditAndApproveSchema,
    NoteBodySchema,
    UndoSchema,
)
from service.schemas.ops import ChartsQuerySchema, TasksQuerySchema, WhichLettersSchema
from service.schemas.staff import DecisionSchema, QueueQuerySchema, SignInSchema
from service.schemas.submission import EditSchema, ServerSubmissionSchema
from service.store.sites import Site
from service.store.staff.accounts import Role
from tests.api.house import ORIGIN, PAGE, House, bearer, comment_fields, json_of, pipeline
from tests.conftest import start_valkey, stop

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
SEED = 20_240_506
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
TYPES = ("application/json", *FORMS, "multipart/form-data; boundary=x", "text/plain", "")
READINESS = "/readyz"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
NAMES = sorted(
    {
        name
        for schema in (
            ServerSubmissionSchema, EditSchema, DecisionSchema, QueueQuerySchema,
            WhichLettersSchema, ChartsQuerySchema, TasksQuerySchema, SignInSchema, UndoSchema,
            EditAndApproveSchema, ClaimsQuerySchema, ChangesQuerySchema,
            NoteBodySchema, BanBodySchema, BansQuerySchema,
        )
        for name in schema().fields
    }
    | {"wait", "page", "pages", "edit_token", "return_to", "return_token", "a"}
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What a test knows that works, to be mixed with what was generated."""

    house: House
    values: tuple[str, ...]
    credentials: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass
class Attempt:
    """One generated request."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: bytes


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    folder = tmp_path_factory.mktemp("f")
    server, url = start_valkey(folder)
    app = create_app(fuzz_settings(url, folder))
    house = House(app)
    house.replace(pipeline=pipeline)
    house.services.store.sites.create(
        Site("demo", origins=(ORIGIN,), lang="fr", has_nudge=True, limits={})
    )
    comment_id = house.publish()
    posted = json_of(house.post())
    values = ("demo", comment_id, posted["id"], PAGE, "1700000000000-1", posted["edit_token"])
    credentials = (house.key(), house.session("komla", Role.ADMINISTRATOR), "ek_demo_x_y")
    yield Known(house, values, credentials, tuple(rules_of(app)))
    house.services.store.client.close()
    stop(server)


def fuzz_settings(url: str, folder: Path) -> Settings:
    return Settings(
        redis_url=f"{url}?db=0",
        queue_url=f"{url}?db=1",
        data_dir=folder,
        log_level="CRITICAL",
        waiters=0,
    )


def rules_of(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=str)


texts = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(categories=("Mn", "Cf", "Cc", "Co", "Zl")), max_size=12),
    st.sampled_from(
        [
            "",
            "0",
            "-1",
            "1e999",
            "nan",
            "null",
            "9" * 400,
            "x" * 2_100,
            "../..",
            "é",
            "http://[",
            "http://a b",
            "https://x:y/",
            "a@[",
            "@",
            "1-1",
            "\x00",
            "\u202e",
        ]
    ),
)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def attempts(draw: st.DrawFn, known: Known) -> Attempt:
    """Return a request: three in four aimed at what a route reads, the others wild."""
    writing = [rule for rule in known.rules if (rule.methods or set()) & {"POST", "PATCH"}]
    rule = draw(st.sampled_from(known.rules) | st.sampled_from(writing))
    is_aimed = draw(st.integers(0, 3)) > 0 and rule.rule.startswith("/v1/")
    kind, body = draw(bodies(known))
    if is_aimed:
        method = draw(st.sampled_from(sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})))
        way_in = draw(st.sampled_from([*authorisations(known), ("Origin", ORIGIN)]))
        path, more = draw(paths(rule, known, is_aimed=True)), draw(headers(known, most=1))
    else:
        method = draw(st.sampled_from(METHODS))
        way_in = ("Accept", draw(st.sampled_from(["text/html", "*/*", ""])))
        path, more = draw(paths(rule, known, is_aimed=False)), draw(headers(known, most=3))
        kind = draw(st.sampled_from(TYPES))
    some_text = texts | st.sampled_from(known.values)
    return Attempt(
        method=method,
        path=path,
        query=draw(st.lists(st.tuples(st.sampled_from(NAMES), some_text), max_size=2)),
        headers=[way_in, *more, ("Content-Type", kind)],
        body=body,
    )


@st.composite
def paths(draw: st.DrawFn, rule: Rule, known: Known, *, is_aimed: bool) -> str:
    """Return the rule's path with something for each of its parameters."""
    good = st.sampled_from(known.values).map(lambda value: quote(value, safe=""))
    odd = texts.map(lambda value: quote(value, safe="/:")) | st.binary(max_size=30).map(
        quote_from_bytes
    )
    path = str(rule)
    while "<" in path:
        start, end = path.index("<"), path.index(">") + 1
        if is_aimed:
            is_site = path[start:end] == "<site>"
            piece = "demo" if is_site else draw(good | odd)
        else:
            piece = draw(good | odd)
        path = path[:start] + piece + path[end:]
    return path if is_aimed else path + draw(st.sampled_from(["", "/", "%00", "//", "/.."]))


@st.composite
def headers(draw: st.DrawFn, known: Known, *, most: int) -> list[tuple[str, str]]:
    """Return headers that are read somewhere, with values nobody expects."""
    plain = st.text(st.characters(max_codepoint=255, categories=("L", "N", "P", "S")), max_size=30)
    names = st.sampled_from(
        ["Accept", "Accept-Language", "Edit-Token", "Idempotency-Key", "If-None-Match", "Referer",
         "Range", "X-Request-ID", "X-Forwarded-For", "Cookie", "Origin", "Authorization",
         "Access-Control-Request-Method", "Host", "Content-Encoding", "Transfer-Encoding"]
    )  # fmt: skip
    some = plain | st.sampled_from(known.values)
    return draw(st.lists(st.tuples(names, some), max_size=most))


def authorisations(known: Known) -> list[tuple[str, str]]:
    return [next(iter(bearer(token).items())) for token in known.credentials]


@st.composite
def bodies(draw: st.DrawFn, known: Known) -> tuple[str, bytes]:
    """Return a content type and a body of it: our fields with odd values, or noise."""
    some = values | st.sampled_from(known.values) | st.sampled_from(["approve", "held", "newest"])
    ours = st.dictionaries(st.sampled_from(NAMES), some, max_size=6)
    spoiled = st.dictionaries(st.sampled_from(NAMES), some, max_size=2).map(
        lambda changes: comment_fields(**changes)
    )
    decision = ours.map(lambda changes: {"action": "hold", "id": known.values[1], **changes})
    broken = [b"}", b"\x00", b"\xff", b" " * 70_000]
    sequel = draw(st.sampled_from([b""] * 16 + broken))
    form = draw(st.one_of(ours, spoiled, spoiled, decision))
    kind = draw(st.sampled_from([*TYPES[:3], "application/json"]))
    if kind == "application/json":
        return kind, draw(st.just(dumped(form)) | values.map(dumped)) + sequel
    if kind == FORMS[0]:
        return kind, urlencoded(form) + sequel
    return "multipart/form-data; boundary=x", multipart(form) + sequel


def dumped(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def urlencoded(form: dict[str, Any]) -> bytes:
    pairs = (f"{quote(name)}={quote(str(value))}" for name, value in form.items())
    return "&".join(pairs).encode()


def multipart(form: dict[str, Any]) -> bytes:
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.items()
    )
    return ("".join(parts) + "--x--\r\n").encode()


def is_answered_as_promised(known: Known, attempt: Attempt) -> None:
    answer = known.house.client.open(
        attempt.path,
        method=attempt.method,
        query_string=attempt.query,
        headers=attempt.headers,
        data=attempt.body,
    )
    if attempt.path == READINESS and answer.status_code == 503:
        assert answer.mimetype == "application/json"  # the truth: no worker lives here
        return
    assert answer.status_code < 500, answer.get_data(as_text=True)
    if answer.status_code < 400 or not attempt.path.startswith("/v1/"):
        return
    if attempt.path.startswith(openai.PATH):
        assert answer.mimetype == "application/json"
        return
    if is_browsers_form(attempt):
        assert answer.mimetype in {"text/html", "application/problem+json"}
        return
    assert answer.mimetype == "application/problem+json"
    if attempt.method == "HEAD":
        return
    problem = json_of(answer)
    assert problem["type"].startswith("urn:ecluse:problem:")
    assert problem["title"]
    assert problem["status"] == answer.status_code
    assert problem["request_id"] == answer.headers["X-Request-ID"]


def is_browsers_form(attempt: Attempt) -> bool:
    return ("Accept", "text/html") in attempt.headers


def test_every_route_is_attacked(known: Known) -> None:
    assert {rule.rule for rule in known.rules} >= {
        "/v1/sites/<site>/comments", "/v1/moderation/decisions", "/v1/sessions", "/openapi.json",
    }  # fmt: skip


@settings(
    max_examples=EXAMPLES or 600,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def no_request_is_a_failure_of_ours(known: Known, data: st.DataObject) -> None:
    is_answered_as_promised(known, data.draw(attempts(known)))


test_no_request_is_a_failure_of_ours = (
    no_request_is_a_failure_of_ours if EXAMPLES else seed(SEED)(no_request_is_a_failure_of_ours)
)
