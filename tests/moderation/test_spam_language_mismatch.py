"""A link in a language that is not the site's is a small hint, and only where that is sure."""

from __future__ import annotations

import pytest

from config.settings import default_policy
from service.moderation.batch import Batch
from service.moderation.checks.spam.language_mismatch import LanguageMismatch
from service.moderation.checks.spam.links import Links
from service.moderation.comment import Case, Comment, Facts
from service.moderation.policy import policy_from
from service.moderation.signal import Attribute, Evidence, Signal, combine
from service.schemas.messages import translate
from service.schemas.wording import _evidence_sentence

LINK = "https://gazette.example/lock"
ENGLISH = f"I read the whole report last night and it says nothing of the sort, see {LINK}"
FRENCH = f"J'ai lu tout le rapport hier soir et il n'en dit pas un mot, voyez {LINK}"
RUSSIAN = f"Сегодня мы прочитали весь отчёт, и там об этом ничего нет: {LINK}"
HOSTS = frozenset({"gazette.example"})


def case(
    content: str, site_lang: str = "fr", lang: str = "", hosts: frozenset[str] = frozenset()
) -> Case:
    comment = Comment(id="1", site="s", page="/p", content=content, lang=lang)
    return Case(comment, Facts(site_lang=site_lang, site_hosts=hosts))


def look(one: Case) -> list[Signal]:
    return list(LanguageMismatch().review(Batch([one]))[0])


def codes(one: Case) -> list[Evidence]:
    return [item for signal in look(one) for item in signal.evidence]


@pytest.mark.parametrize(
    ("content", "site_lang", "language"),
    [(ENGLISH, "fr", "en"), (FRENCH, "en", "fr"), (RUSSIAN, "fr", "ru"), (ENGLISH, "fr-CA", "en")],
)
def test_a_link_in_another_language_than_the_sites_is_noted(
    content: str, site_lang: str, language: str
) -> None:
    params = {"language": language, "expected": site_lang[:2]}
    assert codes(case(content, site_lang)) == [Evidence("language.mismatch", params)]


@pytest.mark.parametrize(
    "one",
    [
        case(FRENCH),
        case(ENGLISH, "en"),
        case(ENGLISH, "en-GB"),
        case(ENGLISH.replace(LINK, "page 12")),
        case(ENGLISH, ""),
        case(ENGLISH, lang="en"),
        case(f"ok {LINK}"),
        case(LINK),
        case(ENGLISH, hosts=HOSTS),
    ],
    ids=[
        "the site's own language",
        "English on an English site",
        "a variety of the site's language",
        "no link",
        "a site of unknown language",
        "a language its caller vouches for",
        "too few words to be sure",
        "no words at all",
        "a link within the site",
    ],
)
def test_nothing_is_noted_otherwise(one: Case) -> None:
    assert look(one) == []


def test_it_never_holds_a_comment_alone_nor_with_the_link_it_needs() -> None:
    threshold = policy_from(default_policy()).threshold(Attribute.SPAM, "fr")
    batch = Batch([case(ENGLISH)])
    signals = [*LanguageMismatch().review(batch)[0], *Links().review(batch)[0]]
    assert threshold is not None
    assert combine(signals)[Attribute.SPAM] <= threshold.hold / 2 + 0.01


def test_it_is_said_in_the_readers_language() -> None:
    (evidence,) = codes(case(RUSSIAN))
    sentence = _evidence_sentence(evidence)
    assert sentence == "It has a link and is written in Russian; the site is in French."
    french = "Il contient un lien et il est écrit en russe\u202f; le site est en français."
    assert translate(sentence, "fr") == french
