"""The `learn` task: what decisions teach, at least once but never twice, and unlearned exactly."""

from __future__ import annotations

import time
from typing import Any

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from config.settings import Settings, default_policy
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.checks.site.layer import SiteLayerCheck
from service.moderation.comment import Case
from service.moderation.learning.layer import SiteLayer
from service.moderation.learning.traits import traits
from service.moderation.policy import policy_from
from service.moderation.signal import Attribute
from service.moderation.text import Text
from service.moderation.verdict import Status
from service.store.decisions import Order
from service.store.doorbell import MODERATE_QUEUE, Doorbell
from service.store.learning.layers import Layers
from service.store.learning.learned import Learner
from service.store.sites import Site
from service.store.store import Store
from tests.conftest import change_settings, comment_of
from tests.store.shelf import DEMO, bring, decide, publish, raw, settle_all
from tests.workers.house import moderator_of, queue_of
from workers.learn import Pupil
from workers.sweep import ring_to_learn_where_needed

NOW = 1_790_000_000.0
"""A moment before any decision of these tests: to it they are all of the same age."""
NICKNAMES = (
    "Encore le maire et ses gribouillards qui parlent",
    "Voilà les gribouillards de la mairie au travail",
    "Tous des gribouillards, du premier au dernier",
    "Les gribouillards ont encore frappé ce matin",
    "Un conseil de gribouillards, rien de plus",
    "Qui a voté pour ces gribouillards ?",
    "Que les gribouillards rendent l'argent",
    "Gribouillards un jour, gribouillards toujours",
    "Il faut chasser les gribouillards d'ici",
    "La réunion des gribouillards a duré deux heures",
    "Les gribouillards dorment pendant que la route s'effondre",
    "Rien à attendre de gribouillards pareils",
)


def pupil_of(store: Store, **changes: Any) -> Pupil:
    return Pupil(store.learned, store.comments, **{"clock": lambda: NOW, **changes})


def move(store: Store, name: str, target: Status, actor: str = "account:mo", why: str = "") -> None:
    now_ms = time.time_ns() // 1_000_000
    store.decisions.decide("demo", [Order(name, target)], actor, why, now_ms)


def taught(store: Store, texts: tuple[str, ...] = NICKNAMES, actor: str = "account:mo") -> None:
    """Publish each text, have a moderator reject it, and learn."""
    for number, text in enumerate(texts):
        publish(store, f"t{number}", content=text)
        move(store, f"t{number}", Status.REJECTED, actor)
    pupil_of(store).study("demo")


def odds(store: Store, text: str = "Ces gribouillards exagèrent") -> float:
    """Return the log-odds of the site's layer that a text is to be refused for its tone."""
    layer = store.learned.layer("demo", NOW)
    return 0.0 if layer is None else float(layer.log_odds(traits([Text.of(text)]))[0, 1])


def test_decisions_teach_and_a_new_comment_like_them_is_held(
    store: Store, settings: Settings
) -> None:
    taught(store)
    moderator = moderator_of(store, settings, SiteLayerCheck())
    change_settings(store, policy=default_policy())
    bring(store, "new", content="Honte à vous, bande de gribouillards")
    bring(store, "other", content="La bibliothèque ouvre aussi le dimanche maintenant")
    moderator.drain("demo")
    held = store.comments.get("demo", "new")
    assert held.status is Status.HELD
    assert held.verdict is not None
    (signal,) = held.verdict.signals
    (evidence,) = signal.evidence
    assert (evidence.code, evidence.params) == ("site.refused", {"count": len(NICKNAMES)})
    spans = [held.comment.content[span.start : span.end] for span in evidence.spans]
    assert "gribouillards" in spans
    assert store.comments.get("demo", "other").status is Status.APPROVED


def test_learning_twice_teaches_nothing_more(store: Store) -> None:
    taught(store)
    before, lessons = odds(store), raw(store).hgetall(DEMO.lessons)
    raw(store).sadd(DEMO.waiting, *(f"t{number}" for number in range(len(NICKNAMES))))
    pupil_of(store).study("demo")
    assert raw(store).hgetall(DEMO.lessons) == lessons
    assert odds(store) == before


def test_a_worker_killed_before_it_renewed_the_layer_is_made_up_for(store: Store) -> None:
    taught(store)
    expected = odds(store)
    raw(store).delete(DEMO.layer, DEMO.lessons)
    raw(store).sadd(DEMO.waiting, *(f"t{number}" for number in range(len(NICKNAMES))))
    pupil = pupil_of(store)
    store.learned.learn("demo", pupil._read("demo", store.learned.waiting("demo", 5)))
    assert store.learned.is_due("demo", NOW)
    pupil.study("demo")
    assert odds(store) == expected
    assert not store.learned.is_due("demo", NOW)


def test_taking_a_decision_back_unlearns_exactly_what_it_taught(store: Store) -> None:
    taught(store)
    before = odds(store)
    publish(store, "extra", content="Les gribouillards et leurs amis du port")
    move(store, "extra", Status.REJECTED)
    pupil_of(store).study("demo")
    assert odds(store) != before
    move(store, "extra", Status.HELD)
    pupil_of(store).study("demo")
    assert odds(store) == before


def test_undoing_a_decision_unlearns_it_and_learns_the_one_before_again(store: Store) -> None:
    taught(store)
    publish(store, "extra", content="Les gribouillards et leurs amis du port")
    move(store, "extra", Status.REJECTED)
    pupil_of(store).study("demo")
    rejected = odds(store)
    move(store, "extra", Status.APPROVED)
    pupil_of(store).study("demo")
    assert odds(store) < rejected
    store.decisions.undo("demo", "extra", "account:mo", 0)
    pupil_of(store).study("demo")
    assert odds(store) == rejected
    store.decisions.undo("demo", "extra", "account:mo", 0)
    pupil_of(store).study("demo")
    assert "extra" not in store.learned.lessons("demo")


def test_words_a_moderator_put_there_teach_nothing(store: Store) -> None:
    publish(store, "c1", content=NICKNAMES[0])
    store.decisions.edit_and_approve("demo", "c1", "Bien dit.", None, "account:mo", "", 0)
    pupil_of(store).study("demo")
    assert store.learned.lessons("demo") == {}


def test_changing_ones_mind_turns_the_lesson_round(store: Store) -> None:
    taught(store)
    assert odds(store) > 2
    for number in range(len(NICKNAMES)):
        move(store, f"t{number}", Status.APPROVED)
    pupil_of(store).study("demo")
    assert odds(store) <= 0
    assert store.learned.state("demo").lessons == len(NICKNAMES)


def test_a_decision_read_before_it_was_changed_is_not_written(store: Store) -> None:
    publish(store, "c1", content="Les gribouillards sont là")
    move(store, "c1", Status.REJECTED)
    pupil = pupil_of(store)
    early = pupil._read("demo", ["c1"])
    move(store, "c1", Status.APPROVED)
    assert store.learned.learn("demo", early) == 0
    assert store.learned.waiting("demo", 9) == ["c1"]
    pupil.study("demo")
    assert store.learned.lessons("demo")["c1"].teaching.guilt == (-1, -1)


def test_a_comment_that_is_gone_is_no_lesson_and_waits_no_longer(store: Store) -> None:
    taught(store)
    raw(store).delete(DEMO.comment("t0"))
    raw(store).sadd(DEMO.waiting, "t0", "never-was")
    pupil_of(store).study("demo")
    assert "t0" not in store.learned.lessons("demo")
    assert store.learned.waiting("demo", 9) == []


def test_once_a_day_withdrawn_words_are_forgotten(store: Store) -> None:
    taught(store)
    store.comments.withdraw(store.comments.get("demo", "t1"), 0)
    pupil_of(store).study("demo")
    assert "t1" in store.learned.lessons("demo")
    tomorrow = NOW + 90_000
    assert store.learned.is_due("demo", tomorrow)
    pupil_of(store, clock=lambda: tomorrow).study("demo")
    assert "t1" not in store.learned.lessons("demo")


def test_a_layer_of_earlier_lessons_never_replaces_a_later_one(store: Store) -> None:
    taught(store)
    layer = raw(store).hgetall(DEMO.layer)
    raw(store).hset(DEMO.layer, "made_of", int(layer[b"made_of"]) + 1)
    edition = store.learned.edition("demo")
    store.learned.renew("demo", NOW)
    assert store.learned.edition("demo") == edition


def test_rolling_back_a_teacher_leaves_what_others_taught(store: Store) -> None:
    taught(store)
    before = odds(store)
    for number in range(6):
        publish(store, f"bad{number}", content=f"La bibliothèque du quartier {number} est belle")
        move(store, f"bad{number}", Status.REJECTED, "account:troll")
    pupil_of(store).study("demo")
    publish(store, "late", content="La bibliothèque a rouvert")
    move(store, "late", Status.REJECTED, "account:troll")
    assert store.learned.rollback("demo", "account:troll", 0.0, "test", NOW) == 6
    assert {lesson.actor for lesson in store.learned.lessons("demo").values()} == {"account:mo"}
    assert odds(store) == before
    pupil_of(store).study("demo")
    assert "late" not in store.learned.lessons("demo")
    entries = raw(store).xrange(DEMO.audit)
    assert entries[-1][1][b"kind"] == b"unlearned"


def test_a_rollback_since_a_time_keeps_what_was_taught_before(store: Store) -> None:
    for name, at_ms in (("old", 1_780_000_000_000), ("new", 1_789_000_000_000)):
        publish(store, name, content=f"Un commentaire {name} du port")
        store.decisions.decide("demo", [Order(name, Status.SPAM)], "account:mo", "", at_ms)
    pupil_of(store).study("demo")
    assert store.learned.rollback("demo", "account:mo", 1_785_000_000, "test", NOW) == 1
    assert list(store.learned.lessons("demo")) == ["old"]


def test_after_a_reset_the_site_has_learned_nothing(store: Store) -> None:
    taught(store)
    publish(store, "late", content="Les gribouillards reviennent")
    move(store, "late", Status.REJECTED)
    assert store.learned.reset("demo", "test", NOW) == len(NICKNAMES)
    assert store.learned.layer("demo", NOW) is None
    assert pupil_of(store).study("demo") == 0


def test_sites_do_not_learn_from_each_other(store: Store) -> None:
    store.sites.create(Site("other"))
    taught(store)
    pupil_of(store).study("other")
    assert store.learned.layer("other", time.time()) is None


def test_nothing_learned_holds_a_word_of_a_comment(store: Store) -> None:
    taught(store)
    kept = [*raw(store).hgetall(DEMO.lessons).values(), raw(store).hget(DEMO.layer, "layer")]
    layer = SiteLayer.unpacked(kept[-1])
    kept += [layer.tables.tobytes(), layer.taught.rows.tobytes()]
    for data in kept:
        assert b"gribouillard" not in data.lower()
        assert "gribouillard".encode("utf-16-le") not in data.lower()


def test_a_worker_reads_an_unchanged_layer_once(store: Store) -> None:
    taught(store)
    layers = Layers(store.learned)
    first = layers.of("demo")
    assert first is not None
    assert layers.of("demo") is first
    publish(store, "more", content="Gribouillards encore")
    move(store, "more", Status.REJECTED)
    pupil_of(store).study("demo")
    assert layers.of("demo") is not first


def test_a_layer_of_another_version_is_made_again(store: Store) -> None:
    taught(store)
    before = odds(store)
    raw(store).hset(DEMO.layer, "layer", b"from another version")
    assert odds(store) == before


def test_what_nobody_could_check_is_held_whatever_moderators_approved(
    store: Store, settings: Settings
) -> None:
    for number, text in enumerate(NICKNAMES):
        publish(store, f"t{number}", content=text)
        move(store, f"t{number}", Status.APPROVED)
    pupil_of(store).study("demo")
    bring(store, "new", content="Les gribouillards sont de retour")
    moderator_of(store, settings, SiteLayerCheck(), faulty=("spam.links",)).drain("demo")
    assert store.comments.get("demo", "new").status is Status.HELD


def test_a_decision_left_behind_is_found_by_the_sweep(store: Store, settings: Settings) -> None:
    publish(store, "c1")
    move(store, "c1", Status.SPAM)
    doorbell = Doorbell(queue_of(settings))
    assert ring_to_learn_where_needed(store.sites, store.learned, doorbell, NOW) == 1
    assert ring_to_learn_where_needed(store.sites, store.learned, doorbell, NOW) == 0
    pupil_of(store).study("demo")
    assert ring_to_learn_where_needed(store.sites, store.learned, doorbell, NOW) == 0


def test_a_real_worker_learns_when_the_bell_rings(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, "c1", content="Les gribouillards sont là")
    move(store, "c1", Status.REJECTED)
    monkeypatch.setattr("workers.learn.pupil", lambda: pupil_of(store))
    assert Doorbell(queue_of(settings)).ring_to_learn("demo")
    connection = Redis.from_url(settings.queue_url)
    worker = SimpleWorker(
        [Queue(MODERATE_QUEUE, connection=connection, serializer=JSONSerializer)],
        connection=connection,
        serializer=JSONSerializer,
    )
    worker.work(burst=True, logging_level="WARNING")
    connection.close()
    assert list(store.learned.lessons("demo")) == ["c1"]


def test_a_site_keeps_below_two_megabytes(store: Store) -> None:
    words = [f"{a}{b}{c}" for a in "bcdfglmnprst" for b in ("aro", "eli", "inu") for c in "xyz"]
    learners = []
    kinds = (Status.APPROVED, Status.SPAM, Status.REJECTED)
    for number in range(1500):
        text = " ".join(words[(number * k) % len(words)] + str(number * k) for k in range(1, 40))
        rows = traits([Text.of(text)]).of(0)
        learners.append((f"01J{number:023}", kinds[number % 3], rows))
    fill(store, learners)
    store.learned.renew("demo", NOW)
    keys = (DEMO.lessons, DEMO.layer, DEMO.waiting)
    used = sum(raw(store).memory_usage(key, samples=0) or 0 for key in keys)
    assert store.learned.state("demo").lessons == 1200
    assert used < 2_000_000, used


def fill(store: Store, learners: list[tuple[str, Status, Any]]) -> None:
    """Give the site lessons as large as lessons come."""
    from service.moderation.learning.lesson import Lesson
    from service.moderation.learning.teaching import teaching

    made = []
    for name, target, rows in learners:
        said = teaching(target, "", ())
        assert said is not None
        lesson = Lesson(said, rows, "account:mo", int(time.time()))
        made.append(Learner(name, None, lesson))
        raw(store).sadd(DEMO.waiting, name)
    assert store.learned.learn("demo", made) == len(made)


def test_the_real_pipeline_asks_the_layer(store: Store) -> None:
    taught(store)
    layer = store.learned.layer("demo", NOW)
    case = Case(comment_of("x", "Les gribouillards ont voté le budget hier soir"))
    policy = policy_from(default_policy())
    pipeline = build_pipeline()
    (without,) = pipeline.review(Batch([case]), policy)
    (with_it,) = pipeline.review(Batch([case], learned=layer), policy)
    assert with_it.scores[Attribute.TOXICITY] > without.scores.get(Attribute.TOXICITY, 0.0) + 0.2
    assert "site.layer" in {signal.check for signal in with_it.signals}
    assert with_it.status in (Status.HELD, Status.REJECTED)


def test_the_api_s_decision_notes_the_comment_in_the_same_script(store: Store) -> None:
    bring(store, "c1")
    settle_all(store)
    decide(store, "c1", Status.APPROVED)
    assert store.learned.waiting("demo", 9) == ["c1"]
