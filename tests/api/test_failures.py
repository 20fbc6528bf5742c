"""A failure of ours: told without its cause, found again in the log by its request id."""

from __future__ import annotations

import pytest

from tests.api.house import House, assert_problem, comment_fields


def broken(house: House) -> str:
    """Damage a site's stored settings; return the address that then fails."""
    house.services.store.client.set("ecluse:{broken}:site", b'{"secret-of-the-store": 1}')
    return "/v1/sites/broken/comments"


def test_the_text_of_an_exception_never_reaches_a_caller(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    answer = house.client.post(broken(house), json=comment_fields())
    problem = assert_problem(answer, 500, "internal")
    assert set(problem) == {"type", "title", "status", "request_id"}
    for hint in ("secret-of-the-store", "Traceback", "TypeError", "KeyError"):
        assert hint not in answer.get_data(as_text=True)
    assert caplog.records


def test_the_request_id_is_in_the_log_too(house: House, caplog: pytest.LogCaptureFixture) -> None:
    answer = house.client.post(
        broken(house), json=comment_fields(), headers={"X-Request-ID": "7f3a9c"}
    )
    assert answer.headers["X-Request-ID"] == "7f3a9c"
    assert "7f3a9c" in caplog.text


def test_each_request_without_an_id_gets_its_own(house: House) -> None:
    ids = {house.client.get("/healthz").headers["X-Request-ID"] for _ in range(5)}
    assert len(ids) == 5
