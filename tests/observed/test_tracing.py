"""Traces over a comment's whole way, as a collector gets them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from config.settings import Settings, SettingsInvalid
from service.app import create_app
from service.extras import require_extras
from service.store.sites import Site
from service.tracing import NO_TRACING
from service.tracing.chosen import tracing_of
from tests.api.house import ORIGIN, House, json_of, pipeline
from tests.observed.receiver import Receiver, facts_of, receiving

CANARY = "kanarienvogel"
STRANGER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def collector() -> Iterator[Receiver]:
    with receiving() as kept:
        yield kept


@pytest.fixture
def traced(settings: Settings, collector: Receiver) -> Iterator[House]:
    collector.bodies.clear()
    told = replace(settings, otlp_endpoint=collector.url, otlp_headers=("x-key=of ours",))
    house = House(create_app(told))
    house.replace(pipeline=pipeline)
    house.services.store.sites.create(Site("demo", origins=(ORIGIN,), lang="fr"))
    yield house
    house.services.tracing.close()
    house.services.store.client.close()


def spans(house: House, collector: Receiver) -> dict[str, list[Span]]:
    """Return what the collector has, by name."""
    house.services.tracing.flush()
    found: dict[str, list[Span]] = {}
    for span in collector.spans():
        found.setdefault(span.name, []).append(span)
    return found


def test_a_comments_trace_leads_from_the_request_to_the_worker(
    traced: House, collector: Receiver
) -> None:
    posted = [json_of(traced.post(content=f"Merci bien {n}.")) for n in range(2)]
    traced.drain()
    told = spans(traced, collector)
    requests = told["POST /v1/sites/<site>/comments"]
    by_comment = {facts_of(span)["ecluse.comment"]: span for span in requests}
    assert set(by_comment) == {each["id"] for each in posted}
    for verdict in told["moderate"]:
        request = by_comment[facts_of(verdict)["ecluse.comment"]]
        assert verdict.trace_id == request.trace_id
        assert verdict.parent_span_id == request.span_id
        assert facts_of(verdict)["ecluse.status"] == "approved"
    assert len(told["moderate"]) == len(told["accept"]) == 2


def test_a_batch_links_to_the_comments_in_it_and_they_to_it(
    traced: House, collector: Receiver
) -> None:
    for number in range(3):
        traced.post(content=f"Merci bien {number}.")
    traced.drain()
    told = spans(traced, collector)
    (batch,) = told["moderate batch"]
    requests = told["POST /v1/sites/<site>/comments"]
    assert {link.trace_id for link in batch.links} == {span.trace_id for span in requests}
    assert batch.trace_id not in {span.trace_id for span in requests}
    assert {span.links[0].span_id for span in told["moderate"]} == {batch.span_id}
    for step in ("review", "settle"):
        assert told[step][0].parent_span_id == batch.span_id
    assert facts_of(batch) == {"ecluse.site": "demo", "ecluse.batch.size": "3"}


def test_a_strangers_trace_is_linked_to_and_not_joined(traced: House, collector: Receiver) -> None:
    traced.post({"traceparent": STRANGER})
    traced.client.get("/healthz", headers={"traceparent": f"nonsense {CANARY}"})
    told = spans(traced, collector)
    (request,) = told["POST /v1/sites/<site>/comments"]
    assert request.trace_id.hex() != STRANGER.split("-")[1]
    assert [link.trace_id.hex() for link in request.links] == [STRANGER.split("-")[1]]
    assert not told["GET /healthz"][0].links


def test_no_trace_holds_what_a_visitor_sent(
    traced: House, collector: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_arguments: object, **_options: object) -> None:
        raise RuntimeError(CANARY)

    for _ in range(2):
        traced.post(
            {"User-Agent": CANARY, "Referer": CANARY}, content=CANARY, author=CANARY,
            email=f"{CANARY}@example.org", page=f"http://site.test/{CANARY}",
        )  # fmt: skip
        monkeypatch.setattr("workers.moderate.window_lines", failing)
        traced.drain()
    traced.client.open(f"/{CANARY}?q={CANARY}", method=CANARY.upper())
    told = spans(traced, collector)
    assert "other unmatched" in told
    (batch, *_) = told["moderate batch"]
    assert batch.status.code == Status.STATUS_CODE_ERROR
    assert facts_of(batch)["error.type"] == "RuntimeError"
    assert CANARY.encode() not in collector.everything.lower()
    assert b"127.0.0.1" not in b"".join(body for _, body in collector.bodies)


def test_what_is_not_sampled_is_not_carried_on(collector: Receiver, traced: House) -> None:
    quiet = House(create_app(replace(traced.services.settings, otlp_sample=0.0)))
    quiet.post()
    quiet.drain()
    quiet.services.tracing.close()
    quiet.services.store.client.close()
    assert not collector.spans()


def test_the_collector_gets_the_headers_it_wants(traced: House, collector: Receiver) -> None:
    traced.client.get("/healthz")
    assert spans(traced, collector)
    assert collector.headers[-1]["x-key"] == "of ours"


def test_without_a_collector_nobody_is_told_and_nothing_is_loaded(settings: Settings) -> None:
    assert tracing_of(settings) is NO_TRACING


@pytest.mark.parametrize(
    ("option", "value"), [("otlp_endpoint", "collector:4318"), ("otlp_headers", ("key",))]
)
def test_what_cannot_be_used_is_said_at_start(
    settings: Settings, collector: Receiver, option: str, value: object
) -> None:
    wrong = replace(replace(settings, otlp_endpoint=collector.url), **{option: value})  # type: ignore[arg-type]
    with pytest.raises(SettingsInvalid, match=f"ECLUSE_{option.upper()}"):
        tracing_of(wrong)


@pytest.mark.parametrize(
    ("option", "value", "module", "command"),
    [
        ("otlp_endpoint", "http://collector:4318", "opentelemetry.sdk", "'ecluse[otel]'"),
        ("sentry_dsn", "http://public@sentry/1", "sentry_sdk", "'ecluse[sentry]'"),
    ],
)
def test_a_missing_package_is_one_line_that_names_the_command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, option: str, value: str, module: str,
    command: str,
) -> None:  # fmt: skip
    wanted = replace(settings, **{option: value})  # type: ignore[arg-type]
    require_extras(wanted)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SettingsInvalid) as caught:
        require_extras(wanted)
    assert str(caught.value).count("\n") == 0
    assert f"ECLUSE_{option.upper()}" in str(caught.value)
    assert f"pip install {command}" in str(caught.value)
