"""The benchmark of Perspective's door, without its servers: requests and report."""

from __future__ import annotations

import orjson

from bench import perspective, report
from bench.load import Load
from bench.perspective import ABOUT, Contender, Plan
from bench.texts import written
from service.compat.perspective.requests import read_analysis
from service.moderation.signal import Attribute


def test_its_requests_are_calls_of_analyze_each_with_another_text() -> None:
    requests = [perspective.request_of_key("k")(comment) for comment in written(20, seed=1)]
    bodies = [request.partition(b"\r\n\r\n")[2] for request in requests]
    calls = [read_analysis(body) for body in bodies]
    assert {each.attribute for call in calls for each in call.wanted} == {Attribute.TOXICITY}
    assert len({call.words.sent for call in calls}) == 20
    assert all(b"comments:analyze?key=k" in request for request in requests)
    bare = perspective.bare_request(written(1, seed=1)[0])
    assert orjson.loads(bare.partition(b"\r\n\r\n")[2]) == orjson.loads(bodies[0])


def test_the_promise_is_a_thousand_a_second() -> None:
    load = Load(1_250.0, 5_000, 1.0, 2.0, 0.1)
    found = {
        name: Contender(name, 0, 0, perspective.bare_request, 200, [load], [800.0])
        for name in ABOUT
    }
    text = perspective.text_of(found, Plan(rounds=1))
    (promise,) = [line for line in text.splitlines() if "1,000 analyses/s" in line]
    assert "1.25" in promise
    assert promise.split("|")[-2].strip() == "yes"


def test_the_results_have_a_place_for_it() -> None:
    page = report.RESULTS.read_text("utf-8")
    assert page.count("<!-- perspective -->") == page.count("<!-- /perspective -->") == 1
