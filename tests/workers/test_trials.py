"""A policy on trial: it judges beside the live one, is counted once, and decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from config.settings import Settings
from service.moderation.batch import Batch
from service.moderation.signal import Attribute, Signal
from service.moderation.verdict import Status
from service.store.sites import Changer
from service.store.store import Store
from service.store.trials import DAY_S, DIFFERING_KEPT, Tried, by_day
from tests.store.shelf import DEMO, bring, raw
from tests.workers.house import moderator_of
from workers.moderate import policies_of

ANN = Changer("account:ann", 5000)
STRICT = {"thresholds": {"spam": {"hold": 0.2, "refuse": 0.4}}}


@dataclass(frozen=True)
class Suspicious:
    """A check that finds spam in what says so."""

    name: str = "spam.links"

    def review(self, batch: Batch) -> Sequence[Sequence[Signal]]:
        found = [Signal(self.name, Attribute.SPAM, 0.45)]
        return [found if "spam" in case.comment.content else () for case in batch.cases]


def on_trial(store: Store, policy: Mapping[str, object]) -> None:
    store.sites.change("demo", ANN, lambda site: replace(site, trial_policy=policy))


def drained(store: Store, settings: Settings, day: int = 100) -> None:
    moderator = replace(moderator_of(store, settings, Suspicious()), now=lambda: day * DAY_S + 7.0)
    moderator.drain("demo")


def test_both_verdicts_are_kept_and_the_live_one_decides(store: Store, settings: Settings) -> None:
    on_trial(store, STRICT)
    bring(store, "fine")
    bring(store, "odd", content="This is spam, perhaps.")
    drained(store, settings)
    odd = store.comments.get("demo", "odd")
    assert odd.status is Status.APPROVED
    assert odd.trial is not None
    assert (odd.trial.status, odd.trial.rule) == (Status.SPAM, "spam.refuse")
    assert store.trials.counts("demo") == [
        Tried(100, Status.APPROVED, Status.APPROVED, 1),
        Tried(100, Status.APPROVED, Status.SPAM, 1),
    ]
    assert store.trials.differing("demo", 9) == ["odd"]


def test_without_a_trial_nothing_is_counted(store: Store, settings: Settings) -> None:
    bring(store, "odd", content="spam")
    drained(store, settings)
    assert store.comments.get("demo", "odd").trial is None
    assert store.trials.counts("demo") == []


def test_a_check_may_be_on_trial_in_the_policy_on_trial(store: Store, settings: Settings) -> None:
    store.sites.change("demo", ANN, lambda site: replace(site, policy=STRICT))
    on_trial(store, {**STRICT, "log_only": ["spam.links"]})
    bring(store, "odd", content="spam")
    drained(store, settings)
    record = store.comments.get("demo", "odd")
    assert record.status is Status.SPAM
    assert record.trial is not None
    assert record.trial.status is Status.APPROVED


def test_a_comment_settled_twice_is_counted_once(store: Store, settings: Settings) -> None:
    on_trial(store, STRICT)
    bring(store, "odd", content="spam")
    (entry,) = store.inbox.take("demo", "w2", 9)
    moderator = moderator_of(store, settings, Suspicious())
    site = store.sites.get("demo").site
    for _ in range(2):
        moderator.review(site, policies_of(site), [entry])
    assert sum(each.count for each in store.trials.counts("demo")) == 1
    assert len(raw(store).lrange(DEMO.differing, 0, -1)) == 1


def test_what_is_kept_of_a_trial_is_bounded(store: Store, settings: Settings) -> None:
    on_trial(store, STRICT)
    for number in range(DIFFERING_KEPT + 5):
        raw(store).lpush(DEMO.differing, f"old{number}")
    bring(store, "odd", content="spam")
    drained(store, settings)
    assert raw(store).llen(DEMO.differing) == DIFFERING_KEPT
    assert store.trials.differing("demo", 1) == ["odd"]


def test_days_are_counted_apart_and_old_ones_dropped(store: Store, settings: Settings) -> None:
    on_trial(store, STRICT)
    for day in (100, 101):
        bring(store, f"fine{day}")
        bring(store, f"odd{day}", content="spam")
        drained(store, settings, day)
    assert by_day(store.trials.counts("demo")) == {101: (1, 1), 100: (1, 1)}
    store.trials.forget_before("demo", 101)
    assert list(by_day(store.trials.counts("demo"))) == [101]
    store.trials.begin("demo")
    assert store.trials.counts("demo") == []
    assert store.trials.differing("demo", 9) == []


def test_a_policy_changed_during_a_drain_counts_for_the_next_batch(
    store: Store, settings: Settings
) -> None:
    moderator = moderator_of(store, settings, Suspicious(), batch_size=1)
    changed: list[bool] = []

    def change() -> float:
        if not changed and store.decisions.counts("demo").get("settled"):
            changed.append(True)
            store.sites.change("demo", ANN, lambda site: replace(site, policy=STRICT))
        return 0.0

    for name in ("first", "second"):
        bring(store, name, content="spam")
    replace(moderator, clock=change).drain("demo")
    assert store.comments.get("demo", "first").status is Status.APPROVED
    assert store.comments.get("demo", "second").status is Status.SPAM
