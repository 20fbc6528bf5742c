"""Only the checks that may speak of what is asked for run: no number differs for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import orjson

from bench.texts import written
from tests.compat.perspective.caller import ANALYZE, Caller

NAMES = (
    "TOXICITY", "SEVERE_TOXICITY", "INSULT", "THREAT", "IDENTITY_ATTACK", "PROFANITY",
    "SEXUALLY_EXPLICIT", "SPAM",
)  # fmt: skip
HARD = (
    "He is not an idiot",
    "On me traite de connard tous les jours",
    "Je vais te tuer ce soir, sale connard.",
    "kys you f4gg0t",
    "m3rd3 alors, espèce de c o n n a r d",
    "<p>You <b>idiot</b> &amp; moron.</p> Nice day. Go away!",
    "Du bist ein Idiot, halt die Klappe.",
    "Best online casino!!! BUY NOW http://casino-win.xyz http://bit.ly/free",
    "SHUT UP NOW!!! 😀🙃",
    "jaja",
    "a" * 300,
)


def test_500_answers_about_some_attributes_are_those_about_all(caller: Caller) -> None:
    parts_of_checks = set()
    for body in _bodies(500):
        asked = body["requestedAttributes"]
        about_all = {**body, "requestedAttributes": {name: asked.get(name, {}) for name in NAMES}}
        some, every = _answered(caller, body), _answered(caller, about_all)
        scores = every.pop("attributeScores")
        told = some.pop("attributeScores", {})
        assert told == {name: scores[name] for name in asked if name in scores}
        assert some == every
        parts_of_checks.add(("SPAM" in asked, "INSULT" in asked, set(asked) <= {"SPAM"}))
    assert len(parts_of_checks) >= 5


def _answered(caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
    answer = caller.post(ANALYZE, body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = orjson.loads(answer.get_data())
    return found


def _bodies(count: int) -> Iterator[dict[str, Any]]:
    """Yield calls of every kind, all different, the same each time."""
    dice = random.Random(2026)
    plain = [comment.content for comment in written(count, seed=2026)]
    for place in range(count):
        words = dice.choice(HARD) if dice.random() < 0.3 else plain[place]
        if dice.random() < 0.1:
            words = " ".join([words, *dice.sample(plain, 4)])
        names = dice.sample(NAMES, dice.choice((1, 1, 1, 2, 3, 6)))
        body: dict[str, Any] = {
            "comment": {"text": words, "type": dice.choice(("PLAIN_TEXT", "HTML"))},
            "requestedAttributes": {name: _parameters(dice) for name in names},
            "languages": [dice.choice(("fr", "en", "de"))],
            "clientToken": str(place),
        }
        if dice.random() < 0.1:
            body["spanAnnotations"] = True
        yield body


def _parameters(dice: random.Random) -> dict[str, Any]:
    return {"scoreThreshold": 0.3} if dice.random() < 0.1 else {}
