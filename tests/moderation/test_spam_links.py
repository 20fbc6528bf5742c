"""Which links speak for spam, and which any reader posts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch
from service.moderation.checks.spam.addresses import find_emails, find_links, find_phones
from service.moderation.checks.spam.links import Links
from service.moderation.comment import Case, Comment, Facts
from service.moderation.signal import Attribute, Signal, combine

CHECK = Links()
OWN = Facts(site_hosts=frozenset({"gazette.example"}))


def found(content: str, facts: Facts = OWN) -> list[Signal]:
    case = Case(Comment(id="1", site="s", page="/p", content=content), facts)
    return list(CHECK.review(Batch([case]))[0])


def codes(content: str) -> set[str]:
    return {signal.evidence[0].code for signal in found(content)}


def total(content: str) -> float:
    return combine(found(content)).get(Attribute.SPAM, 0.0)


@pytest.mark.parametrize(
    "content",
    [
        "Le Monde en parlait déjà : https://www.lemonde.fr/societe/article/2024/03/12/a_1.html.",
        "The plan is here: https://en.wikipedia.org/wiki/Canal_lock (with drawings)",
        "Les relevés sont sur https://ades.eaufrance.fr et sur https://www.brgm.fr/fr.",
        "See [the manual](https://docs.python.org/3/library/re.html), section two.",
    ],
)
def test_a_link_or_two_to_ordinary_places_stays_far_from_being_held(content: str) -> None:
    assert 0.0 < total(content) < 0.4


def test_text_without_links_has_no_signal() -> None:
    assert found("Rien à signaler. Vraiment rien... 12.50 euros, c'est tout !") == []


def test_links_to_the_sites_own_hosts_do_not_count() -> None:
    content = "Déjà dit : https://gazette.example/a et https://www.gazette.example/b"
    assert found(content) == []


def test_a_host_that_only_ends_like_the_sites_own_counts() -> None:
    assert codes("voyez https://notgazette.example/a pour la suite") == {"links.count"}


def test_more_links_weigh_more() -> None:
    totals = [
        total("à lire " + " ".join(f"https://site.example/{i}" for i in range(n)))
        for n in range(1, 9)
    ]
    assert totals == sorted(totals)
    assert totals[-1] > totals[0] + 0.3


def test_the_same_link_twice_counts_once() -> None:
    signal = found("https://a.example/x ou encore https://a.example/x, au choix")[0]
    assert signal.evidence[0].params == {"count": 1}


def test_evidence_points_at_the_links() -> None:
    content = "Voir https://a.example/x, merci."
    span = found(content)[0].evidence[0].spans[0]
    assert content[span.start : span.end] == "https://a.example/x"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("connectez-vous sur http://192.0.2.7/login dès maintenant", "links.bare_ip"),
        ("ton colis : http://xn--pypal-4ve.example/a suivez le guide", "links.lookalike"),
        ("votre compte est sur http://аррӏе.example.com il faut vérifier", "links.lookalike"),
        ("see http://bank.example@evil.example/x for your account", "links.disguised"),
        ("tout est là : http://cheap-shoes.example/x pour vos pieds", "links.trade_domain"),
        ("tout est là : http://chaussures.top/x pour vos pieds", "links.cheap_domain"),
        ("regardez donc [url=http://a.example]ici[/url] c'est bien", "links.markup"),
        ("regardez <a href='http://a.example'>ici</a> c'est bien", "links.markup"),
        ("allez donc sur gains-faciles [point] com vous verrez", "links.hidden"),
        ("allez sur m o n - a r g e n t . c o m vous verrez", "links.hidden"),
        ("http://a.example/x", "links.only"),
        ("Wow http://a.example/x", "links.only"),
        ("a http://a.example b http://b.example c http://c.example ah", "links.many_domains"),
    ],
)
def test_what_speaks_against_a_link_is_named(content: str, code: str) -> None:
    assert code in codes(content)
    assert total(content) > 0.4 or code == "links.hidden"


@pytest.mark.parametrize(
    "host",
    [
        "www.essex.ac.uk",
        "www.specialist.example",
        "cryptography.io",
        "www.cdiscount.com",
        "www.credit-agricole.fr",
        "champagne.example",
        "xn--caf-dma.fr",
        "пример.рф",
    ],
)
def test_honest_names_are_not_taken_for_a_spammers(host: str) -> None:
    unfounded = {"links.trade_domain", "links.cheap_domain", "links.lookalike"}
    assert not codes(f"c'est écrit sur https://{host}/page en toutes lettres") & unfounded


@pytest.mark.parametrize(
    "content",
    [
        "c'est fini.La suite demain",
        "ok.et puis non",
        "done.So what",
        "lancez setup.py puis lisez README.md",
        "le prix est de 12.50 euros",
        "M.Durand et Mme.Petit",
        "etc...bon",
        "e.g. this, i.e. that",
        "écrivez à jean.dupont@mairie.example.org",
    ],
)
def test_prose_file_names_and_mail_addresses_are_not_links(content: str) -> None:
    assert find_links(content) == []


@pytest.mark.parametrize(
    ("content", "host"),
    [
        ("sur monsite.com/promo vite", "monsite.com"),
        ("sur www.monsite.example vite", "www.monsite.example"),
        ("sur MonSite.COM vite", "monsite.com"),
        ("sur ｍonsite．com vite", "monsite.com"),
        ("(https://monsite.example/a)", "monsite.example"),
        ("https://monsite.example:8080/a?b=c#d", "monsite.example"),
        ("hxxp://monsite.example", "monsite.example"),
    ],
)
def test_links_are_found_however_they_are_written(content: str, host: str) -> None:
    assert [link.host for link in find_links(content)] == [host]


@given(st.text())
def test_links_phones_and_mails_lie_within_any_text(text: str) -> None:
    places = [(link.start, link.end) for link in find_links(text)]
    places += find_emails(text) + find_phones(text)
    assert all(0 <= start < end <= len(text) for start, end in places)


@given(st.from_regex(r"https?://[a-z]{3,9}\.(com|fr|top)/[a-z]{0,5}", fullmatch=True))
def test_a_full_link_is_found_whole_among_words(link: str) -> None:
    text = f"avant {link} après"
    assert [text[found.start : found.end] for found in find_links(text)] == [link]
