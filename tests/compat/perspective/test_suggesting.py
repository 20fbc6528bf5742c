"""`comments:suggestscore`: what is suggested teaches the site's layer, and is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from service.compat.perspective.suggesting import guilt_of
from service.moderation.signal import Attribute
from service.store.learning.layers import Layers
from service.store.learning.learned import MOST_UNSORTED, SUGGESTED
from service.store.sites import Site
from tests.api.house import House
from tests.compat.perspective.caller import (
    SUGGEST,
    Caller,
    analyzer_error,
    google_error,
)
from workers.learn import Pupil

# As Coral sends it on a decision: which comment it was stands in `context`.
CORAL: dict[str, Any] = {
    "clientToken": "comment:6f1e",
    "communityId": "Coral:https://coral.example",
    "context": {"entries": [{"text": '{"url":"https://journal.example/a","commentID":"6f1e"}'}]},
    "languages": ["fr"],
}
PHRASES = (
    "Encore un blurfiste de la mairie qui parle",
    "Les blurfistes n'ont rien à faire ici",
    "Un blurfiste reste un blurfiste, désolé",
    "Va donc rejoindre tes amis blurfistes",
    "On connaît la chanson des blurfistes du quartier",
    "Tous les blurfistes devraient partir demain",
)


def suggested(text: str, value: float, name: str = "TOXICITY", **more: Any) -> dict[str, Any]:
    scores = {name: {"summaryScore": {"value": value}}}
    return {"comment": {"text": text}, "attributeScores": scores, **more}


def taught_site(house: House, name: str) -> Caller:
    house.services.store.sites.create(Site(name, lang="fr"))
    return Caller.of(house, name)


def lessons(house: House, site: str) -> dict[str, Any]:
    return dict(house.services.store.learned.lessons(site))


def test_the_answer_repeats_what_the_caller_named(caller: Caller) -> None:
    answer = caller.post(SUGGEST, suggested("Merci pour cet article.", 0, **CORAL))
    assert answer.status_code == 200
    assert answer.get_json() == {
        "clientToken": "comment:6f1e",
        "requestedLanguages": ["fr"],
        "detectedLanguages": ["fr"],
    }


def test_a_language_that_is_only_named_was_not_detected(caller: Caller) -> None:
    answer = caller.post(SUGGEST, suggested("ok", 0.5, languages=["de"]))
    assert answer.get_json() == {"requestedLanguages": ["de"]}
    unnamed = caller.post(SUGGEST, suggested("Merci pour cet article.", 0.5, languages=[""]))
    assert unnamed.get_json() == {"detectedLanguages": ["fr"]}


def test_a_language_that_is_not_served_teaches_nothing(house: House) -> None:
    caller = taught_site(house, "foreign")
    body = suggested(PHRASES[0], 1, "TOXICITY@6", languages=["xx"])
    kind = "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
    error = analyzer_error(caller.post(SUGGEST, body), kind)
    assert error["message"] == "Attribute TOXICITY@6 does not support request languages: xx"
    russian = suggested("Ты полный идиот, уходи отсюда", 1)
    analyzer_error(caller.post(SUGGEST, russian), kind)
    assert lessons(house, "foreign") == {}


def test_suggestions_teach_what_decisions_would(house: House) -> None:
    caller = taught_site(house, "pupil")
    before = caller.score("Voilà encore un blurfiste", languages=["fr"])
    for phrase in PHRASES:
        assert caller.post(SUGGEST, suggested(phrase, 1, **CORAL)).status_code == 200
    store = house.services.store
    assert Pupil(store.learned, store.comments).study("pupil") == 0
    house.replace(layers=Layers(store.learned))
    assert caller.score("Voilà encore un blurfiste", languages=["fr"]) > before + 0.3


def test_no_word_of_a_suggestion_is_kept(house: House) -> None:
    caller = taught_site(house, "forgetful")
    for phrase in PHRASES:
        caller.post(SUGGEST, suggested(phrase, 1, **CORAL))
    client = house.services.store.client
    for name in client.scan_iter("*forgetful*"):
        assert b"blurfiste" not in (client.dump(name) or b"")


def test_another_word_about_the_same_text_takes_the_place_of_the_first(house: House) -> None:
    caller = taught_site(house, "fickle")
    guilt = []
    for value in (1, 0, 0.5):
        caller.post(SUGGEST, suggested(PHRASES[0], value, sessionId=str(value)))
        guilt.append([each.teaching.guilt for each in lessons(house, "fickle").values()])
    assert guilt == [[(0, 1)], [(0, -1)], [(0, -1)]]


def test_the_daily_look_at_all_lessons_leaves_suggestions_alone(house: House) -> None:
    caller = taught_site(house, "daily")
    caller.post(SUGGEST, suggested(PHRASES[0], 1))
    store = house.services.store
    store.learned.learn_again("daily")
    Pupil(store.learned, store.comments).study("daily")
    assert [name[: len(SUGGESTED)] for name in lessons(house, "daily")] == [SUGGESTED]


def test_what_a_key_has_taught_can_be_taken_back(house: House) -> None:
    caller = taught_site(house, "wary")
    caller.post(SUGGEST, suggested(PHRASES[0], 1))
    (lesson,) = lessons(house, "wary").values()
    assert lesson.actor.startswith("key:")
    assert house.services.store.learned.rollback("wary", lesson.actor, 0, "cli", 1e9) == 1
    assert lessons(house, "wary") == {}


def test_lessons_do_not_pile_up_where_no_worker_sorts_them(house: House) -> None:
    caller = taught_site(house, "full")
    store = house.services.store
    caller.post(SUGGEST, suggested(PHRASES[0], 1))
    (lesson,) = lessons(house, "full").values()
    client = store.client
    key = "ecluse:{full}:learn:lessons"
    client.hset(key, mapping={f"x{n}": b"" for n in range(MOST_UNSORTED - 1)})
    assert store.learned.suggest("full", "another", lesson) is False
    assert client.hlen(key) == MOST_UNSORTED


@pytest.mark.parametrize(
    ("scores", "guilt"),
    [
        ({Attribute.TOXICITY: 1.0}, (0, 1)),
        ({Attribute.TOXICITY: 0.0, Attribute.INSULT: 0.9}, (0, 1)),
        ({Attribute.INSULT: 0.2}, (0, -1)),
        ({Attribute.SPAM: 1.0}, (1, 0)),
        ({Attribute.SPAM: 0.0}, (-1, 0)),
        ({Attribute.THREAT: 0.5}, (0, 0)),
    ],
)
def test_a_suggestion_speaks_of_what_it_names_only(
    scores: dict[Attribute, float], guilt: tuple[int, int]
) -> None:
    assert guilt_of(scores) == guilt


@pytest.mark.parametrize(
    "body",
    [
        {"comment": {"text": "a"}},
        suggested("a", 1.5),
        suggested("a", -1),
        suggested("a", 1, "LIKELY_TO_REJECT"),
        {"comment": {"text": "a"}, "attributeScores": {"TOXICITY": {}}},
    ],
)
def test_what_is_no_probability_of_something_known_is_refused(
    caller: Caller, body: dict[str, Any]
) -> None:
    analyzer_error(caller.post(SUGGEST, body), "INVALID_REQUEST")


def test_a_suggestion_about_nothing_is_refused(caller: Caller) -> None:
    analyzer_error(caller.post(SUGGEST, suggested("", 1)), "COMMENT_EMPTY")
    error = google_error(
        caller.post(SUGGEST, {**suggested("a", 1), "requestedAttributes": {}}),
        400,
        "INVALID_ARGUMENT",
    )
    assert "requestedAttributes" in error["message"]
