"""Killing any process at any moment loses no acknowledged comment and settles each once.

The long form, with random kills round after round: ``python -m tests.durability.campaign``.
"""

from __future__ import annotations

import signal

import pytest

from tests.durability.rounds import check, play
from tests.processes.service_up import ServiceUp

COMMENTS = 2000
FEWER = 400


@pytest.mark.parametrize(
    ("kind", "seed"),
    [("web", 1), ("workers", 2), ("scheduler", 3), ("valkey", 4), ("supervisor", 5)],
)
def test_no_acknowledged_comment_is_lost_and_each_is_settled_once(
    service: ServiceUp, kind: str, seed: int
) -> None:
    posting = play(service, [kind, kind], COMMENTS, seed)
    check(service, posting)


def test_a_server_restarted_in_good_order_loses_and_doubles_none(service: ServiceUp) -> None:
    """The server ends on SIGTERM and comes back, while comments are posted and drained."""
    posting = play(service, ["valkey", "valkey"], FEWER, 6, signal.SIGTERM)
    check(service, posting)
    assert "valkey ended (code 0)" in service.output
