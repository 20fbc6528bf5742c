"""The `moderate` task: everything is judged, nothing twice, whatever a check does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from config.settings import Settings
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.pipeline import Pipeline
from service.moderation.policy import Policy
from service.moderation.signal import Attribute, Signal
from service.moderation.verdict import Status
from service.store.doorbell import MODERATE_QUEUE
from service.store.queue.queue import Filters, Sort
from service.store.records import Record
from service.store.sites import Site
from service.store.store import Store
from tests.conftest import change_settings, comment_of
from tests.store.shelf import DEMO, bring, decide, raw, settle_all
from tests.workers.house import (
    BAD,
    Misbehaving,
    backtrack,
    fail,
    let_time_pass,
    moderator_of,
    queue_of,
    spin,
)
from workers.guard import alarm_guard
from workers.moderate import MOST_CHARS, Policies

LONG_TEXT = (
    "J'ai enfin trouvé un travail à domicile qui paie vraiment, il suffit de deux heures par"
    " jour et d'un téléphone, toutes mes voisines ont commencé la semaine dernière."
)


@dataclass(frozen=True)
class During:
    """A check that finds nothing and does something the first time it is asked."""

    act: Callable[[], object]
    seen: list[int]
    name: str = "test.during"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Act once."""
        self.seen.append(len(batch))
        if len(self.seen) == 1:
            self.act()
        return [()] * len(batch)


@dataclass(frozen=True)
class Suspicious:
    """A check that gives every comment the same score."""

    score: float
    name: str = "test.suspicious"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        """Suspect everything of spam."""
        return [(Signal(self.name, Attribute.SPAM, self.score),)] * len(batch)


@pytest.fixture(scope="module")
def real_pipeline() -> Pipeline:
    return build_pipeline(alarm_guard(30.0))


def record(store: Store, comment_id: str) -> Record:
    return store.comments.get("demo", comment_id)


def unscreened_by(store: Store, comment_id: str) -> tuple[str, ...]:
    verdict = record(store, comment_id).verdict
    assert verdict is not None
    return verdict.unscreened


def test_an_inbox_is_drained_in_batches_and_settled(store: Store, settings: Settings) -> None:
    for number in range(25):
        bring(store, f"c{number:02}")
    seen: list[int] = []
    moderator = moderator_of(store, settings, During(lambda: None, seen), batch_size=10)
    assert moderator.drain("demo") == 25
    assert seen == [10, 10, 5]
    assert store.inbox.depth("demo") == 0
    assert store.decisions.counts("demo")["status.approved"] == 25


def test_long_comments_come_in_smaller_batches(store: Store, settings: Settings) -> None:
    lengths = [10, MOST_CHARS // 2, MOST_CHARS // 2 + 1, MOST_CHARS, 10, 10]
    for number, length in enumerate(lengths):
        bring(store, f"c{number}", content="a" * length)
    seen: list[int] = []
    assert moderator_of(store, settings, During(lambda: None, seen)).drain("demo") == len(lengths)
    assert seen == [2, 1, 1, 2]


def test_the_real_checks_judge_ham_and_spam(
    store: Store, settings: Settings, real_pipeline: Pipeline
) -> None:
    bring(store, "ham", content="Merci, la photo du lavoir m'a rappelé mon enfance au village.")
    bring(
        store,
        "spam",
        content="BUY CHEAP VIAGRA NOW!!! http://pills.example http://a.test http://b.test"
        " http://c.test casino bonus click here limited offer",
    )
    moderator = replace(moderator_of(store, settings), pipeline=real_pipeline)
    assert moderator.drain("demo") == 2
    assert record(store, "ham").status is Status.APPROVED
    assert record(store, "spam").status in (Status.SPAM, Status.HELD)
    verdict = record(store, "spam").verdict
    assert verdict is not None
    assert verdict.signals


def test_a_site_that_is_gone_is_no_error(store: Store, settings: Settings) -> None:
    assert moderator_of(store, settings).drain("nobody") == 0


def test_a_check_that_fails_on_one_comment_leaves_that_one_unscreened(
    store: Store, settings: Settings
) -> None:
    for name, content in (("c1", "fine"), ("c2", BAD), ("c3", "fine")):
        bring(store, name, content=content)
    assert moderator_of(store, settings, Misbehaving(fail)).drain("demo") == 3
    assert [record(store, f"c{n}").status for n in (1, 2, 3)] == [
        Status.APPROVED, Status.HELD, Status.APPROVED,
    ]  # fmt: skip
    assert unscreened_by(store, "c2") == ("test.misbehaving",)
    assert store.decisions.unscreened_count("demo") == 1


@pytest.mark.parametrize("hang", [spin, backtrack])
def test_a_check_that_never_ends_is_stopped_and_its_comment_held(
    store: Store, settings: Settings, hang: Callable[[], None]
) -> None:
    for name, content in (("c1", "fine"), ("c2", BAD), ("c3", "fine")):
        bring(store, name, content=content)
    guard = alarm_guard(0.2)
    assert moderator_of(store, settings, Misbehaving(hang), guard=guard).drain("demo") == 3
    assert [record(store, f"c{n}").status for n in (1, 2, 3)] == [
        Status.APPROVED, Status.HELD, Status.APPROVED,
    ]  # fmt: skip
    assert unscreened_by(store, "c2") == ("test.misbehaving",)


def test_nothing_is_approved_while_a_check_cannot_be_loaded(
    store: Store, settings: Settings
) -> None:
    for number in range(3):
        bring(store, f"c{number}", is_staff=number == 0)
    moderator_of(store, settings, faulty=("spam.links",)).drain("demo")
    counts = store.decisions.counts("demo")
    assert (counts["status.held"], counts.get("status.approved", 0)) == (3, 0)
    assert unscreened_by(store, "c1") == ("spam.links",)
    assert store.decisions.unscreened_count("demo") == 3


def test_a_bell_rung_while_a_worker_drains_is_heard(store: Store, settings: Settings) -> None:
    rung = []
    check = During(lambda: rung.append(bring(store, "late").must_ring), [])
    bring(store, "early")
    assert moderator_of(store, settings, check).drain("demo") == 2
    assert rung == [True]


def test_words_changed_during_their_review_are_judged_again(
    store: Store, settings: Settings
) -> None:
    bring(store, "c1", content="Old words")
    changed = comment_of("c1", BAD)
    check = During(lambda: store.comments.edit(record(store, "c1"), changed, 0), [])
    moderator_of(store, settings, check, Misbehaving(fail)).drain("demo")
    assert check.seen == [1, 1]
    assert record(store, "c1").status is Status.HELD
    assert unscreened_by(store, "c1") == ("test.misbehaving",)
    assert store.decisions.counts("demo")["settled"] == 1


def test_a_comment_withdrawn_during_its_review_stays_withdrawn(
    store: Store, settings: Settings
) -> None:
    bring(store, "c1")
    check = During(lambda: store.comments.withdraw(record(store, "c1"), 0), [])
    assert moderator_of(store, settings, check).drain("demo") == 0
    assert record(store, "c1").status is Status.DELETED


def test_a_site_s_own_policy_is_in_force(store: Store, settings: Settings) -> None:
    check = Suspicious(0.5)
    for name, refuse in (("strict", 0.4), ("mild", 0.9)):
        thresholds = {"spam": {"hold": 0.3, "refuse": refuse}}
        change_settings(store, policy={"thresholds": thresholds})
        bring(store, name)
        moderator_of(store, settings, check).drain("demo")
    assert record(store, "strict").status is Status.SPAM
    assert record(store, "mild").status is Status.HELD


def test_a_known_author_is_no_longer_premoderated(store: Store, settings: Settings) -> None:
    change_settings(store, policy={"premoderation": "new"})
    moderator = moderator_of(store, settings)
    bring(store, "first")
    moderator.drain("demo")
    assert record(store, "first").status is Status.HELD
    decide(store, "first", Status.APPROVED)
    bring(store, "second")
    bring(store, "other", author_key="denis")
    moderator.drain("demo")
    assert record(store, "second").status is Status.APPROVED
    assert record(store, "other").status is Status.HELD


def test_a_long_drain_ends_and_rings_for_the_rest(store: Store, settings: Settings) -> None:
    for number in range(3):
        bring(store, f"c{number}")
    times = iter([0.0, 1.0, 1000.0])
    moderator = replace(moderator_of(store, settings, batch_size=1), clock=lambda: next(times))
    assert moderator.drain("demo") == 2
    assert store.inbox.depth("demo") == 1
    assert queue_of(settings).llen(f"rq:queue:{MODERATE_QUEUE}") == 1


def test_a_share_held_by_a_living_worker_is_left_to_it(store: Store, settings: Settings) -> None:
    bring(store, "c1")
    store.inbox.take("demo", "living", 9)
    assert moderator_of(store, settings).drain("demo") == 0
    assert record(store, "c1").status is Status.RECEIVED


def test_a_dead_workers_share_is_taken_over_after_its_silence(
    store: Store, settings: Settings
) -> None:
    for number in range(5):
        bring(store, f"c{number}")
    store.inbox.take("demo", "dead", 9)
    let_time_pass(store, settings.claim_idle_s + 1)
    assert moderator_of(store, settings).drain("demo") == 5
    assert store.decisions.counts("demo")["settled"] == 5


def test_of_two_workers_one_takes_a_share_over(store: Store) -> None:
    bring(store, "c1")
    store.inbox.take("demo", "dead", 9)
    let_time_pass(store, 60)
    (first,), (second,) = store.inbox.stale("demo", 10_000, 9), store.inbox.stale("demo", 10_000, 9)
    assert store.inbox.claim("demo", "w1", [first.entry_id], 10_000)
    assert store.inbox.claim("demo", "w2", [second.entry_id], 10_000) == []


def test_a_worker_thought_dead_that_wakes_up_settles_nothing_twice(
    store: Store, settings: Settings
) -> None:
    bring(store, "c1")
    slow = store.inbox.take("demo", "slow", 9)
    let_time_pass(store, 60)
    assert moderator_of(store, settings).drain("demo") == 1
    known = store.sites.get("demo").site
    assert moderator_of(store, settings, name="slow").review(known, Policies(Policy()), slow) == 0
    assert store.decisions.counts("demo")["settled"] == 1


def test_a_comment_that_cannot_be_read_stops_no_other(store: Store, settings: Settings) -> None:
    bring(store, "broken")
    raw(store).hset(DEMO.comment("broken"), "content", b"not JSON")
    moderator = moderator_of(store, settings, batch_size=1)
    for attempt in range(settings.max_attempts + 1):
        bring(store, f"c{attempt}")
        moderator.drain("demo")
        assert record(store, f"c{attempt}").status is Status.APPROVED
        let_time_pass(store, 60)
    assert store.comments.status("demo", "broken") == Status.HELD
    assert store.decisions.dead_letter_count("demo") == 1
    assert store.inbox.depth("demo") == 0
    queue = store.queue.find("demo", Filters(), Sort.NEWEST, 9, "")
    assert (queue.records, queue.total) == ((), 1)


def duplicate_score(store: Store, comment_id: str) -> float:
    verdict = record(store, comment_id).verdict
    assert verdict is not None
    return max((s.score for s in verdict.signals if s.check == "spam.duplicates"), default=0.0)


def test_a_text_posted_by_another_author_is_known_in_a_later_batch(
    store: Store, settings: Settings, real_pipeline: Pipeline
) -> None:
    moderator = replace(moderator_of(store, settings), pipeline=real_pipeline)
    for name, author in (("first", "claire"), ("second", "denis")):
        bring(store, name, content=LONG_TEXT, author_key=author)
        moderator.drain("demo")
    assert duplicate_score(store, "first") == 0
    assert duplicate_score(store, "second") > 0.5


def test_a_text_reviewed_again_is_no_copy_of_itself(
    store: Store, settings: Settings, real_pipeline: Pipeline
) -> None:
    moderator = replace(moderator_of(store, settings), pipeline=real_pipeline)
    bring(store, "c1", content=LONG_TEXT)
    moderator.drain("demo")
    for _ in range(2):
        store.comments.edit(record(store, "c1"), comment_of("c1", LONG_TEXT), 0)
        moderator.drain("demo")
        assert duplicate_score(store, "c1") == 0
    assert store.inbox.recent("demo").ids == ("c1",)


def test_without_a_window_nothing_is_remembered(store: Store, settings: Settings) -> None:
    store.inbox._window = 0
    bring(store, "c1", content=LONG_TEXT)
    moderator_of(store, settings).drain("demo")
    assert raw(store).llen(DEMO.recent) == 0
    assert len(store.inbox.recent("demo").ids) == 0


def test_one_site_s_work_leaves_another_s_alone(store: Store, settings: Settings) -> None:
    store.sites.create(Site("other"))
    bring(store, "c1")
    bring(store, "c1", site="other")
    moderator_of(store, settings).drain("other")
    assert store.comments.status("other", "c1") == Status.APPROVED
    assert store.comments.status("demo", "c1") == Status.RECEIVED
    assert settle_all(store) == 1
