"""A comment that kills every worker that touches it: set aside, and nobody else's loss."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable

import pytest

from config.settings import Settings
from service.moderation.verdict import Status
from service.store.store import Store, open_store
from tests.conftest import SECRETS
from tests.store.shelf import bring
from tests.workers.house import BAD, Misbehaving, die, exit_at_once, let_time_pass, moderator_of

FORK = multiprocessing.get_context("fork")


def drain_in_child(settings: Settings, what: Callable[[], object]) -> int:
    """Drain the inbox in a worker process of its own; return its exit code."""

    def work() -> None:
        store = open_store(settings, SECRETS, settings.redis_url)
        moderator_of(store, settings, Misbehaving(what), name=f"w{os.getpid()}").drain("demo")

    child = FORK.Process(target=work)
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


@pytest.mark.parametrize(("what", "code"), [(die, -signal.SIGKILL), (exit_at_once, 139)])
def test_a_comment_no_worker_survives_is_set_aside_after_three_attempts(
    store: Store, settings: Settings, what: Callable[[], object], code: int
) -> None:
    for name, content in (("c1", "fine"), ("c2", BAD), ("c3", "fine")):
        bring(store, name, content=content)
    codes = []
    while store.inbox.is_waiting("demo"):
        codes.append(drain_in_child(settings, what))
        let_time_pass(store, 60)
        assert len(codes) < 10
    assert codes == [code] * settings.max_attempts + [0]
    assert [store.comments.status("demo", f"c{n}") for n in (1, 2, 3)] == [
        Status.APPROVED, Status.HELD, Status.APPROVED,
    ]  # fmt: skip
    (letter,) = store.decisions.dead_letters("demo", 9)
    assert (letter.comment_id, letter.attempts) == ("c2", settings.max_attempts)
    verdict = store.comments.get("demo", "c2").verdict
    assert verdict is not None
    assert verdict.unscreened == ("worker",)
    counts = store.decisions.counts("demo")
    assert counts["accepted"] == counts["settled"] == 3
    assert (counts["unscreened"], store.decisions.unscreened_count("demo")) == (1, 1)


def test_the_others_of_its_batch_do_not_wait_for_it(store: Store, settings: Settings) -> None:
    for name, content in (("c1", "fine"), ("c2", BAD), ("c3", "fine")):
        bring(store, name, content=content)
    for _ in range(2):
        drain_in_child(settings, die)
        let_time_pass(store, 60)
    assert store.comments.status("demo", "c1") == Status.APPROVED
    bring(store, "new", content="fine")
    for _ in range(2):
        drain_in_child(settings, die)
        let_time_pass(store, 60)
    assert store.comments.status("demo", "c3") == Status.APPROVED
    assert store.comments.status("demo", "new") == Status.APPROVED


def test_once_the_check_is_mended_a_retry_brings_it_back(store: Store, settings: Settings) -> None:
    bring(store, "c1", content=BAD)
    while store.inbox.is_waiting("demo"):
        drain_in_child(settings, die)
        let_time_pass(store, 60)
    store.comments.retry(store.comments.get("demo", "c1"))
    assert drain_in_child(settings, lambda: None) == 0
    assert store.comments.status("demo", "c1") == Status.APPROVED
    assert store.decisions.dead_letter_count("demo") == 0
    assert store.decisions.unscreened_count("demo") == 0
