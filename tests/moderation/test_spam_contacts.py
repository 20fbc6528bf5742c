"""Ways to reach somebody: the town hall's number, and the healer's."""

from __future__ import annotations

import pytest

from service.moderation.batch import Batch
from service.moderation.checks.spam.contacts import Contacts
from service.moderation.comment import Case, Comment
from service.moderation.signal import Attribute, combine


def look(content: str) -> tuple[set[str], float]:
    case = Case(Comment(id="1", site="s", page="/p", content=content))
    signals = Contacts().review(Batch([case]))[0]
    return {s.evidence[0].code for s in signals}, combine(signals).get(Attribute.SPAM, 0.0)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("appelez le +33 1 99 00 33 21", "contact.phone"),
        ("tel 01.99.00.33.21 merci", "contact.phone"),
        ("call +1 (202) 555-0134 now", "contact.phone"),
        ("écrivez à maitre.retour@gmail.com", "contact.email"),
        ("WhatsApp : +229 99 00 12 34", "contact.messenger"),
        ("Telegram @signaux_vip", "contact.messenger"),
        ("t.me/signaux_vip", "contact.messenger"),
        ("pretserieux (arobase) mail (point) example", "contact.masked_email"),
        ("bernard point credit arobase mail point com", "contact.masked_email"),
        ("appelez au zéro six quatre vingt dix neuf zéro zéro onze", "contact.spelled_phone"),
        ("call one eight zero zero five five five zero one two", "contact.spelled_phone"),
    ],
)
def test_a_contact_is_found(content: str, code: str) -> None:
    assert code in look(content)[0]


@pytest.mark.parametrize(
    "content",
    [
        "La mairie répond le matin au 01 99 00 14 22, demandez l'état civil.",
        "Write to the county recorder: recorder@county.example.org, they answer.",
        "Inscriptions : ecole@ville.example.org ou 01 99 00 12 08.",
    ],
)
def test_a_neighbours_tip_stays_far_from_being_held(content: str) -> None:
    assert look(content)[1] < 0.4


@pytest.mark.parametrize(
    "content",
    [
        "12 000 000 d'habitants et 1 234 567 890 euros",
        "le 2024-01-02 10:30 et le 12/05/2024 14:00",
        "de 1914 à 1918 puis de 1939 à 1945",
        "l'adresse 192.168.100.101 ne répond pas",
        "ISBN 9782070612758",
        "https://a.example/1234-5678-90",
        "WhatsApp a encore changé ses règles",
        "zéro pointé pour les deux équipes, trois fautes",
        "@martine tu as raison",
        "on était dix (à table) dans la cuisine",
    ],
)
def test_figures_dates_and_talk_are_no_contacts(content: str) -> None:
    assert look(content)[0] == set()
