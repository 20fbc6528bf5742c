"""Refused insults: a person decides where an insult is denied or told, and only there."""

from __future__ import annotations

import pytest

from config.settings import default_policy
from service.moderation.batch import Batch
from service.moderation.checks import build_pipeline
from service.moderation.checks.toxicity.refusals import RefusedInsults
from service.moderation.comment import Case, Comment
from service.moderation.encoder_options import LINEAR_ALONE
from service.moderation.policy import decide, policy_from
from service.moderation.signal import REFUSALS, SPARED, TONE, Attribute, Signal
from service.moderation.verdict import Action, Verdict
from service.schemas.wording import reasons

POLICY = policy_from(default_policy())
CHECK = RefusedInsults()
REFUSAL = Signal(REFUSALS, Attribute.INSULT, 0.0, 0.0)
DENIALS = [
    ("He is not an idiot", "en"),
    ("You're not stupid, don't worry", "en"),
    ("You are no fool", "en"),
    ("They keep calling me a stupid bitch", "en"),
    ("I am not saying he is an idiot.", "en"),
    ("I never said that she was a stupid cow", "en"),
    ("I don't think you're an idiot", "en"),
    ("Vous n'êtes pas des idiots", "fr"),
    ("Je ne dis pas qu'il est complètement con", "fr"),
    ("Je n'ai jamais dit que vous étiez des abrutis", "fr"),
    ("Je ne pense pas que tu es un abruti", "fr"),
    ("Vous n’êtes pas des cons, les gars", "fr"),
    ("Ce n'est pas un imbécile", "fr"),
    ("On me traite de connard tous les jours", "fr"),
]
INSULTS = [
    ("You idiot", "en"),
    ("You are not an idiot, you are a fucking moron", "en"),
    ("You're not stupid. You are a worthless piece of shit", "en"),
    ("You are not a smart man you idiot", "en"),
    ("Is he not an idiot? You idiot", "en"),
    ("Why aren't you dead yet, idiot", "en"),
    ("Ce n'est pas un imbécile, c'est un gros connard", "fr"),
    ("T'as pas honte, espèce de connard", "fr"),
    ("Tu n'es pas bête, tu es une grosse conne", "fr"),
]


def a_case(content: str, lang: str) -> Case:
    return Case(Comment(id="c", site="s", page="p", content=content, lang=lang))


def found(content: str, lang: str) -> list[Signal]:
    (signals,) = CHECK.review(Batch([a_case(content, lang)]))
    return list(signals)


def verdict_of(content: str, lang: str) -> Verdict:
    (verdict,) = build_pipeline(encoder=LINEAR_ALONE).review(Batch([a_case(content, lang)]), POLICY)
    return verdict


@pytest.mark.parametrize(("content", "lang"), DENIALS)
def test_an_insult_that_is_denied_or_told_is_never_refused(content: str, lang: str) -> None:
    assert verdict_of(content, lang).action in {Action.APPROVE, Action.HOLD}


@pytest.mark.parametrize(("content", "lang"), INSULTS)
def test_a_second_insult_that_nobody_denies_is_not_spared(content: str, lang: str) -> None:
    assert found(content, lang) == []


def test_the_signal_moves_no_score_and_shows_what_is_denied() -> None:
    content = "Mais non, vous n’êtes pas des idiots"
    (signal,) = found(content, "fr")
    (evidence,) = signal.evidence
    assert signal.weight == 0
    assert [content[span.start : span.end] for span in evidence.spans] == ["n’êtes pas des idiots"]


def test_a_comment_that_nothing_speaks_against_is_not_looked_at() -> None:
    assert found("This is not a house", "en") == []


@pytest.mark.parametrize("attribute", sorted(SPARED - {Attribute.PROFANITY}))
def test_a_denied_insult_is_held_with_a_reason_in_both_languages(attribute: Attribute) -> None:
    case = a_case("He is not an idiot", "en")
    verdict = decide(POLICY, case, [Signal("x.y", attribute, 1.0), REFUSAL], ())
    assert (verdict.action, verdict.rule) == (Action.HOLD, "insult.denied")
    assert "It seems to deny or report an insult" in reasons(verdict, "en")[0]
    assert "Il semble nier ou rapporter une insulte" in reasons(verdict, "fr")[0]


@pytest.mark.parametrize("attribute", sorted({*TONE, Attribute.SPAM} - SPARED))
def test_whatever_else_is_refused_stays_refused_beside_a_denied_insult(
    attribute: Attribute,
) -> None:
    signals = [
        Signal("x.y", Attribute.INSULT, 1.0),
        REFUSAL,
        Signal("x.y", attribute, 0.97),
    ]
    verdict = decide(POLICY, a_case("He is not an idiot", "en"), signals, ())
    assert verdict.rule == f"{attribute}.refuse"
