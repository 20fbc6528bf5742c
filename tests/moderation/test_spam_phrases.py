"""The phrase lists: what they find, where, and how they are kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch
from service.moderation.checks.spam.phrases import Phrase, PhraseBook, Phrases, load_phrases
from service.moderation.comment import Case, Comment
from service.moderation.signal import Attribute, Signal, combine

CHECK = Phrases()


def found(content: str) -> list[Signal]:
    case = Case(Comment(id="1", site="s", page="/p", content=content))
    return list(CHECK.review(Batch([case]))[0])


def total(content: str) -> float:
    return combine(found(content)).get(Attribute.SPAM, 0.0)


def kinds(content: str) -> set[object]:
    return {signal.evidence[0].params["kind"] for signal in found(content)}


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("Le meilleur casino en ligne, tours gratuits offerts", "casino"),
        ("Offre de prêt entre particuliers sérieux", "loans"),
        ("Grand marabout, retour de l'être aimé", "marabout"),
        ("Powerful spell caster, he brought back my ex", "marabout"),
        ("buy viagra online, no prescription", "pharma"),
        ("replica watches, best price", "replica"),
        ("rank your website on the first page of google", "seo"),
        ("subscribe to my channel please", "follow-me"),
        ("votre compte sera suspendu, vérifiez vos informations", "fake-support"),
        ("I make 85 an hour working from home, my last paycheck was 12,440", "get-rich"),
        ("I want to hire a hacker for my spouse's phone", "hacker"),
        ("CASINO EN LIGNE FIABLE", "casino"),
        ("c.a.s.i.n.o en ligne", "casino"),
        ("саsіnо en ligne", "casino"),
        ("prêt-entre-particuliers", "loans"),
    ],
)
def test_the_language_of_a_trade_is_recognised(content: str, kind: str) -> None:
    assert kind in kinds(content)


@pytest.mark.parametrize(
    "content",
    [
        "Mon oncle a perdu sa maison au jeu, le casino du port devrait fermer.",
        "J'ai payé trop cher ce prêt, la banque était la seule à dire oui.",
        "The lock keeper wrote a lovely book about canals.",
        "Je trouve votre analyse un peu courte, mais merci.",
        "encasinoenlignement",
    ],
)
def test_talk_about_the_same_things_is_left_alone(content: str) -> None:
    assert total(content) < 0.4


def test_a_phrase_with_an_address_weighs_more_than_the_phrase_alone() -> None:
    phrase = "obtenez un prêt sans justificatif"
    assert total(phrase) < 0.55 <= total(f"{phrase} sur https://a.example/x")
    assert total(phrase) < total(f"{phrase} au +33 1 99 00 12 34")


def test_further_phrases_of_one_trade_add_less_and_less() -> None:
    signals = found("casino sans dépôt, bonus sans dépôt, pronos gratuits, cotes garanties")
    weights = [signal.weight for signal in signals]
    assert weights == [1.0, 0.7, 0.5]


def test_a_phrase_said_twice_counts_once() -> None:
    assert len(found("casino en ligne et encore casino en ligne")) == 1


@pytest.mark.parametrize(
    ("content", "there"),
    [
        ("Vive le CASINO EN LIGNE !", "CASINO EN LIGNE"),
        ("Œuvre : prêt entre particuliers.", "prêt entre particuliers"),
        ("ok c a s i n o en ligne ok", "c a s i n o en ligne"),
        ("ok ca\u200bsino en ligne ok", "ca\u200bsino en ligne"),
        ("ok саsіnо en ligne ok", "саsіnо en ligne"),
    ],
)
def test_evidence_points_at_the_phrase_as_written(content: str, there: str) -> None:
    span = found(content)[0].evidence[0].spans[0]
    assert content[span.start : span.end] == there


@pytest.mark.parametrize("name", ["fr", "en", "any", "author"])
def test_the_lists_are_well_formed(name: str) -> None:
    phrases = load_phrases(name)
    assert phrases
    assert all(0.0 < phrase.weight <= 0.6 and phrase.kind for phrase in phrases)
    assert all(len(phrase.text.replace(" ", "")) >= 2 for phrase in phrases)
    assert len({phrase.text for phrase in phrases}) == len(phrases)


@pytest.mark.parametrize("name", ["fr", "en", "any"])
def test_no_word_is_listed_that_is_short_enough_to_stand_in_for_another(name: str) -> None:
    assert all(len(phrase.text) >= 3 for phrase in load_phrases(name))


WORDS = st.lists(st.sampled_from(["un", "pret", "rapide", "casino", "en", "ligne"]), max_size=12)


@given(WORDS)
def test_a_phrase_is_found_exactly_where_its_words_stand(words: list[str]) -> None:
    book = PhraseBook([Phrase("pret rapide", 0.5, "loans"), Phrase("casino", 0.5, "casino")])
    text = " ".join(words)
    expected = words.count("casino") + sum(pair == ("pret", "rapide") for pair in pairwise(words))
    hits = book.find(text)
    assert len(hits) == expected
    assert all(text[hit.start : hit.end] == hit.phrase.text for hit in hits)


@given(st.text())
def test_every_span_lies_within_the_text(text: str) -> None:
    for signal in found(f"{text} casino en ligne {text}"):
        span = signal.evidence[0].spans[0]
        assert 0 <= span.start < span.end <= 2 * len(text) + 17
