"""Names that advertise, and names that are names."""

from __future__ import annotations

import pytest

from service.moderation.batch import Batch
from service.moderation.checks.spam.author_link import AuthorLink
from service.moderation.comment import Case, Comment, Facts
from service.moderation.signal import Attribute, combine

CHECK = AuthorLink()
FACTS = Facts(site_hosts=frozenset({"gazette.example"}))


def look(author: str, url: str = "") -> tuple[set[str], float]:
    comment = Comment(id="1", site="s", page="/p", content="Merci !", author=author, url=url)
    signals = CHECK.review(Batch([Case(comment, FACTS)]))[0]
    return {s.evidence[0].code for s in signals}, combine(signals).get(Attribute.SPAM, 0.0)


@pytest.mark.parametrize(
    ("author", "code"),
    [
        ("www.ma-boutique.example", "author.link"),
        ("monsite.com", "author.link"),
        ("https://monsite.example", "author.link"),
        ("Jean 06 99 00 12 13", "author.phone"),
        ("Casino en ligne fiable", "author.trade"),
        ("Cаsіnо Luna", "author.trade"),
        ("Cheap Car Insurance Quotes", "author.trade"),
        ("rachat de crédit", "author.trade"),
    ],
)
def test_a_name_that_advertises_is_found_out(author: str, code: str) -> None:
    seen, total = look(author)
    assert code in seen
    assert total > 0.4


@pytest.mark.parametrize(
    "author",
    [
        "AKPANRI Komla",
        "Jean-Luc P.",
        "Krzysztof Brzęczyszczykiewicz",
        "N'Golo Kanté",
        "Dr. H. Benali",
        "supporter_om_13",
        "Mme Ferrand, 78 ans",
        "O'Neill",
        "D. Okafor",
        "St. Jude",
        "李小龙",
        "Ольга",
        "",
    ],
)
def test_a_name_is_a_name(author: str) -> None:
    assert look(author) == (set(), 0.0)


@pytest.mark.parametrize("author", ["Electrician Ed", "Coach de club", "Masseuse diplômée"])
def test_a_reader_may_name_a_trade(author: str) -> None:
    assert look(author)[1] < 0.4


@pytest.mark.parametrize(
    "url",
    [
        "https://jean.example.org",
        "https://jean.example.org/",
        "https://github.com/jean",
        "https://social.example/@jean",
        "https://gazette.example/auteurs/equipe/jean?x=1",
        "pas une adresse",
    ],
)
def test_a_homepage_or_a_profile_is_normal(url: str) -> None:
    assert look("Jean", url) == (set(), 0.0)


@pytest.mark.parametrize(
    "url",
    [
        "https://online-casino.example/",
        "https://chaussures.top",
        "https://bit.ly/x",
        "http://192.0.2.1/",
        "https://shop.example/fr/chaussures/promotion.html",
        "https://shop.example/?ref=12",
    ],
)
def test_a_homepage_that_sells_is_noted_weakly(url: str) -> None:
    seen, total = look("Jean", url)
    assert seen == {"author.url"}
    assert 0.0 < total < 0.4
