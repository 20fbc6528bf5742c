"""What sites teach each other: nothing unless the operator says so, and never words or names."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from config.settings import Settings
from service.moderation.batch import Batch
from service.moderation.checks.site.layer import SiteLayerCheck
from service.moderation.comment import Case, Facts
from service.moderation.learning.layer import SiteLayer
from service.moderation.learning.memory import MOST_OF_A_KIND
from service.moderation.learning.traits import traits
from service.moderation.signal import Signal
from service.moderation.text import Text
from service.moderation.verdict import Action, Status, Verdict
from service.store.decisions import Order
from service.store.inbox import Settlement
from service.store.keys import EVERY_SITE, SiteKeys
from service.store.learning.layers import Layers
from service.store.sites import Site
from service.store.store import Store, open_store
from tests.conftest import SECRETS, comment_of
from tests.store.shelf import bring, listed, raw
from tests.workers.house import moderator_of
from tests.workers.test_learn import NICKNAMES, NOW, fill, pupil_of

ALL = SiteKeys(EVERY_SITE)
NEW = "Honte à vous, bande de gribouillards"
HARMLESS = (
    "La bibliothèque du quartier ouvre aussi le dimanche matin",
    "Le marché du samedi revient sur la grande place",
    "Merci pour ces photos du vieux pont",
    "Le club de lecture cherche une salle plus grande",
)


@pytest.fixture
def sharing(settings: Settings) -> Iterator[Store]:
    """A store of two sites, whose operator lets them learn from each other."""
    opened = open_store(replace(settings, share_learning=True), SECRETS, settings.redis_url)
    for name in ("demo", "other"):
        opened.sites.create(Site(name, origins=("http://site.test",), lang="fr"))
    yield opened
    opened.client.close()


def taught(store: Store, site: str = "demo", target: Status = Status.REJECTED) -> None:
    """Have the moderators of a site decide on the nicknames, and learn."""
    for number, text in enumerate(NICKNAMES):
        bring_to(store, site, f"t{number}", text)
        move(store, site, f"t{number}", target)
    pupil_of(store).study(site)


def bring_to(store: Store, site: str, name: str, text: str) -> None:
    """Accept a comment on a site and publish it, as the checks would."""
    bring(store, name, content=text, site=site)
    pending = store.inbox.load(site, store.inbox.take(site, "w", 99), Facts())
    verdict = Verdict(Action.APPROVE, "test")
    store.inbox.settle(site, [Settlement(item, verdict) for item in pending])


def move(store: Store, site: str, name: str, target: Status) -> None:
    now_ms = time.time_ns() // 1_000_000
    store.decisions.decide(site, [Order(name, target)], "account:mo", "", now_ms)


def signals(store: Store, site: str, text: str = NEW) -> list[Signal]:
    """Return what the layers that a worker hands to the check say of a text."""
    layers = Layers(store.learned)
    batch = Batch([Case(comment_of("x", text))], learned=layers.of(site), shared=layers.shared())
    return list(SiteLayerCheck().review(batch)[0])


def odds(layer: SiteLayer | None, text: str = NEW) -> float:
    return 0.0 if layer is None else float(layer.log_odds(traits([Text.of(text)]))[0, 1])


def test_by_default_no_site_hears_of_another_s_lessons(store: Store) -> None:
    store.sites.create(Site("other"))
    taught(store)
    assert signals(store, "demo") != []
    assert signals(store, "other") == []
    assert not raw(store).exists(ALL.lessons, ALL.layer)


def test_shared_lessons_hold_a_like_comment_on_a_site_that_never_decided(
    sharing: Store, settings: Settings
) -> None:
    taught(sharing)
    bring(sharing, "new", content=NEW, site="other")
    bring(sharing, "plain", content=HARMLESS[0], site="other")
    moderator_of(sharing, settings, SiteLayerCheck()).drain("other")
    held = sharing.comments.get("other", "new")
    assert held.status is Status.HELD
    assert held.verdict is not None
    (evidence,) = held.verdict.signals[0].evidence
    assert (evidence.code, evidence.params) == ("shared.refused", {"count": len(NICKNAMES)})
    assert sharing.comments.status("other", "plain") == Status.APPROVED


def test_a_site_s_own_lessons_count_once_though_they_are_shared(sharing: Store) -> None:
    taught(sharing)
    (both,) = signals(sharing, "demo")
    raw(sharing).delete(ALL.layer)
    (alone,) = signals(sharing, "demo")
    assert both.evidence[0].code == "site.refused"
    assert both == alone


def test_what_a_site_approves_speaks_against_what_others_refuse(sharing: Store) -> None:
    taught(sharing)
    before = signals(sharing, "other")[0].score
    for number, text in enumerate(NICKNAMES):
        bring_to(sharing, "other", f"a{number}", f"{text}, et c'est un beau métier")
        move(sharing, "other", f"a{number}", Status.APPROVED)
    pupil_of(sharing).study("other")
    assert all(signal.score < before for signal in signals(sharing, "other") if signal.weight > 0)


def test_taking_a_decision_back_unlearns_it_for_every_site(sharing: Store) -> None:
    taught(sharing)
    before = odds(sharing.learned.layer(EVERY_SITE, NOW))
    bring_to(sharing, "demo", "extra", "Les gribouillards et leurs amis du port")
    move(sharing, "demo", "extra", Status.REJECTED)
    pupil_of(sharing).study("demo")
    assert odds(sharing.learned.layer(EVERY_SITE, NOW)) != before
    move(sharing, "demo", "extra", Status.HELD)
    pupil_of(sharing).study("demo")
    assert odds(sharing.learned.layer(EVERY_SITE, NOW)) == before
    assert len(sharing.learned.lessons(EVERY_SITE)) == len(NICKNAMES)


def test_a_reset_or_a_rollback_is_one_for_every_site(sharing: Store) -> None:
    taught(sharing, "demo")
    taught(sharing, "other")
    sharing.learned.reset("demo", "test", NOW)
    assert {name.split(":")[0] for name in sharing.learned.lessons(EVERY_SITE)} == {"other"}
    sharing.learned.rollback("other", "account:mo", 0.0, "test", NOW)
    assert sharing.learned.lessons(EVERY_SITE) == {}
    assert sharing.learned.layer(EVERY_SITE, NOW) is None


def test_neither_words_nor_names_are_shared(sharing: Store) -> None:
    taught(sharing)
    layer = SiteLayer.unpacked(raw(sharing).hget(ALL.layer, "layer"))
    kept = [*raw(sharing).hgetall(ALL.lessons).values(), layer.tables.tobytes()]
    for data in kept:
        assert b"gribouillard" not in data.lower()
        assert b"account" not in data
    assert {lesson.actor for lesson in sharing.learned.lessons(EVERY_SITE).values()} == {""}


def test_what_other_teachers_publish_is_ordinary_for_the_shared_layer_too(sharing: Store) -> None:
    for number in range(40):
        bring_to(sharing, "other", f"o{number}", f"Atelier des gribouillards, séance {number}")
    bring_to(sharing, "other", "one", HARMLESS[1])
    move(sharing, "other", "one", Status.APPROVED)
    taught(sharing)
    strange = odds(sharing.learned.layer(EVERY_SITE, NOW))
    pupil_of(sharing).study("other")
    taught_too = odds(sharing.learned.layer(EVERY_SITE, NOW))
    assert taught_too < strange / 2


def test_lessons_of_all_sites_together_are_bounded_and_the_latest_stay(sharing: Store) -> None:
    rows = traits([Text.of("Un gribouillard")]).of(0)
    fill(sharing, [(f"01J{n:023}", Status.SPAM, rows) for n in range(MOST_OF_A_KIND + 20)])
    sharing.learned.renew("demo", NOW)
    sharing.learned.share("demo", NOW)
    assert len(sharing.learned.lessons(EVERY_SITE)) == MOST_OF_A_KIND
    taught(sharing, "other", Status.SPAM)
    kept = [name for name in sharing.learned.lessons(EVERY_SITE) if name.startswith("other:")]
    assert len(kept) == len(NICKNAMES)
    assert len(sharing.learned.lessons(EVERY_SITE)) == MOST_OF_A_KIND


def test_sharing_the_same_twice_changes_nothing(sharing: Store) -> None:
    taught(sharing)
    before = raw(sharing).hgetall(ALL.layer)
    sharing.learned.share("demo", NOW)
    assert raw(sharing).hgetall(ALL.layer) == before


def test_a_day_later_the_shared_layer_is_made_again_so_that_age_counts(sharing: Store) -> None:
    taught(sharing)
    before = odds(sharing.learned.layer(EVERY_SITE, NOW))
    sharing.learned.share("demo", NOW + 300 * 86_400)
    assert 0 < odds(sharing.learned.layer(EVERY_SITE, NOW)) < before


def test_once_the_operator_shares_no_more_what_was_shared_is_forgotten(
    sharing: Store, settings: Settings
) -> None:
    taught(sharing)
    assert raw(sharing).exists(ALL.lessons)
    closed = open_store(settings, SECRETS, settings.redis_url)
    assert Layers(closed.learned).shared() is None
    pupil_of(closed).study("demo")
    assert not raw(closed).exists(ALL.lessons, ALL.layer)
    closed.client.close()


def test_lessons_that_cannot_be_read_are_dropped(sharing: Store) -> None:
    raw(sharing).hset(ALL.lessons, "gone:01J", b"from another version")
    taught(sharing)
    assert b"gone:01J" not in raw(sharing).hgetall(ALL.lessons)


def test_no_published_comment_is_touched_by_sharing(sharing: Store) -> None:
    for number, text in enumerate(HARMLESS):
        bring_to(sharing, "demo", f"h{number}", text)
    before = listed(sharing, Status.APPROVED)
    taught(sharing)
    assert listed(sharing, Status.APPROVED) == before
