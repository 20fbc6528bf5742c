"""A campaign: its twentieth copy is spam, and what was approved before comes back."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import Any

import pytest

from config.settings import Settings
from service.moderation.checks import build_pipeline
from service.moderation.pipeline import Pipeline
from service.moderation.verdict import Status
from service.schemas.wording import reasons
from service.store.recalls import Recalls
from service.store.store import Store
from tests.store.shelf import bring, decide, listed, raw
from tests.workers.house import moderator_of
from workers.guard import alarm_guard
from workers.moderate import Moderator
from workers.sweep import ring_where_needed

NAMES = ["Amina", "Sylvie", "Roger", "Patrice", "Nadège", "Karim", "Louise"]
TEMPLATE = (
    "Bonjour à tous, ma cousine {name} a retrouvé le sommeil en {days} jours grâce à la tisane"
    " de sa voisine, {word} je partage son histoire pour ceux qui cherchent encore la leur"
)
WORDS = ["vraiment", "alors", "donc", "aujourd'hui", "simplement"]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return build_pipeline(alarm_guard(30.0))


@pytest.fixture
def moderator(store: Store, settings: Settings, pipeline: Pipeline) -> Moderator:
    return replace(moderator_of(store, settings), pipeline=pipeline)


def copy_of(number: int) -> str:
    """Return the template filled in anew: another name, another number, another word."""
    return TEMPLATE.format(
        name=NAMES[number % len(NAMES)], days=number + 3, word=WORDS[number % len(WORDS)]
    )


def post(store: Store, number: int) -> str:
    """Bring one copy, by an author and under a page of its own; return its id."""
    name = f"c{number:02}"
    page = f"http://site.test/{number}"
    bring(store, name, content=copy_of(number), page=page, author_key=f"a{number}")
    return name


def status(store: Store, comment_id: str) -> str:
    return store.comments.status("demo", comment_id)


def test_the_twentieth_copy_is_spam_and_the_first_goes_back_to_the_queue(
    store: Store, moderator: Moderator
) -> None:
    post(store, 0)
    moderator.drain("demo")
    assert status(store, "c00") == Status.APPROVED
    for number in range(1, 20):
        post(store, number)
        moderator.drain("demo")
    assert status(store, "c19") == Status.SPAM
    assert listed(store, Status.APPROVED) == []
    record = store.comments.get("demo", "c00")
    assert record.status is Status.HELD
    assert record.verdict is not None
    french = reasons(record.verdict, "fr")
    assert any("campagne" in sentence for sentence in french)
    assert any("approuvé" in sentence for sentence in french)


def test_twenty_copies_in_one_batch_fare_no_better(store: Store, moderator: Moderator) -> None:
    for number in range(20):
        post(store, number)
    assert moderator.drain("demo") == 20
    assert status(store, "c19") == Status.SPAM
    assert listed(store, Status.APPROVED) == []


def test_other_comments_between_the_copies_are_left_alone(
    store: Store, moderator: Moderator
) -> None:
    for number in range(20):
        post(store, number)
        bring(store, f"ham{number:02}", content=HAM[number], author_key=f"h{number}")
        moderator.drain("demo")
    assert listed(store, Status.APPROVED) == [f"ham{number:02}" for number in range(20)]


def test_a_copy_that_a_moderator_approved_stays(store: Store, moderator: Moderator) -> None:
    for number in range(2):
        post(store, number)
        moderator.drain("demo")
    decide(store, "c00", Status.APPROVED)
    for number in range(2, 20):
        post(store, number)
        moderator.drain("demo")
    assert listed(store, Status.APPROVED) == ["c00"]


def test_thanks_by_the_dozen_are_no_campaign(store: Store, moderator: Moderator) -> None:
    for number in range(30):
        text = ["Merci !", "great article", "Merci beaucoup pour cet article très intéressant"]
        bring(store, f"c{number:02}", content=text[number % 3], author_key=f"a{number}",
              page=f"http://site.test/{number}")  # fmt: skip
        moderator.drain("demo")
    assert len(listed(store, Status.APPROVED)) == 30


def test_a_worker_killed_before_it_takes_them_back_leaves_that_to_the_next(
    store: Store, moderator: Moderator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        post(store, number)
        moderator.drain("demo")
    approved = listed(store, Status.APPROVED)
    assert "c00" in approved
    for number in range(2, 20):
        post(store, number)
    assert _killed_at_the_first_recall(store, moderator, monkeypatch)
    assert status(store, "c19") == Status.SPAM
    assert "c00" in listed(store, Status.APPROVED)
    assert ring_where_needed(store.sites, store.inbox, moderator.doorbell) == 1
    assert moderator.drain("demo") == 0
    assert listed(store, Status.APPROVED) == []
    assert store.decisions.counts("demo")["recalled"] >= len(approved)
    assert ring_where_needed(store.sites, store.inbox, moderator.doorbell) == 0


def _killed_at_the_first_recall(
    store: Store, moderator: Moderator, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Drain in a child process that SIGKILL ends when there is something to take back."""
    child = os.fork()
    if child == 0:
        original = Recalls._carry_out

        def die(self: Recalls, site: str, noted: Any) -> int:
            if noted:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(self, site, noted)

        monkeypatch.setattr(Recalls, "_carry_out", die)
        raw(store).connection_pool.reset()
        moderator.drain("demo")
        os._exit(0)
    _, code = os.waitpid(child, 0)
    return os.WIFSIGNALED(code) and os.WTERMSIG(code) == signal.SIGKILL


HAM = [
    "La passerelle du canal rouvre enfin, j'y emmène les enfants dimanche.",
    "Vous oubliez de dire que la mairie avait promis un parking à vélos.",
    "My grandfather worked in that mill until it closed in nineteen sixty.",
    "Le boulanger de la place fait encore son pain au levain, allez-y tôt.",
    "I disagree, the old timetable was far easier to read for visitors.",
    "Quelqu'un sait-il si la piscine ouvre pendant les travaux du gymnase ?",
    "The photo is from the other bridge, the one behind the station.",
    "Chez nous les hirondelles sont revenues avec trois semaines de retard.",
    "Could you publish the figures for the smaller villages as well?",
    "Mon fils est dans cette école, les enseignants font un travail superbe.",
    "The council meeting is open to everybody, you only need to register.",
    "Les trottoirs de la rue basse attendent des travaux depuis dix ans.",
    "We had the same storm in the valley and lost half of the orchard.",
    "Je garde un souvenir ému du cinéma de quartier et de ses fauteuils.",
    "Interesting, but the comparison with last year leaves out the strike.",
    "Les abonnés du train du matin attendent toujours une vraie réponse.",
    "Our library lends tools too, which almost nobody seems to know.",
    "Belle initiative des pompiers, les enfants ont adoré la visite.",
    "That recipe needs less sugar and ten more minutes in the oven.",
    "Le débat aurait mérité un contradicteur un peu plus préparé.",
]
