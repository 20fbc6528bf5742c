"""The spam checks as a whole: what they refuse, hold and pass, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.moderation.batch import Batch, Check
from service.moderation.checks.spam.author_link import AuthorLink
from service.moderation.checks.spam.contacts import Contacts
from service.moderation.checks.spam.disposable_email import DisposableEmail
from service.moderation.checks.spam.duplicates import Duplicates
from service.moderation.checks.spam.flood import Flood
from service.moderation.checks.spam.form_time import FormTime
from service.moderation.checks.spam.gibberish import Gibberish
from service.moderation.checks.spam.honeypot import Honeypot
from service.moderation.checks.spam.links import Links
from service.moderation.checks.spam.phrases import Phrases
from service.moderation.checks.spam.repetition import Repetition
from service.moderation.checks.spam.script import Script
from service.moderation.checks.spam.shorteners import Shorteners
from service.moderation.checks.spam.shouting import Shouting
from service.moderation.comment import Case, Comment, Facts
from service.moderation.signal import Attribute, Signal, combine
from tests.moderation.work import assert_work_in_proportion, calls_in

HOLD, REFUSE = 0.55, 0.9
CHECKS: Sequence[Check] = (
    AuthorLink(),
    Contacts(),
    DisposableEmail(),
    Duplicates(),
    Flood(),
    FormTime(),
    Gibberish(),
    Honeypot(),
    Links(),
    Phrases(),
    Repetition(),
    Script(),
    Shorteners(),
    Shouting(),
)


def found(content: str, author: str = "Jean") -> list[Signal]:
    comment = Comment(id="1", site="s", page="/p", content=content, author=author)
    batch = Batch([Case(comment, Facts(site_lang="fr"))])
    return [signal for check in CHECKS for signal in check.review(batch)[0]]


def total(content: str, author: str = "Jean") -> float:
    return combine(found(content, author)).get(Attribute.SPAM, 0.0)


@pytest.mark.parametrize(
    "content",
    [
        "Meilleur casino en ligne ! http://a.example/1 http://b.example/2 http://c.example/3",
        "Best online casino, free spins: http://a.example/1 http://b.example/2 http://c.example/3",
        "[url=http://a.example]cheap viagra[/url] [url=http://b.example]buy cialis[/url]",
        "Offre de prêt entre particuliers en 48h, taux de 3% : pret.serieux@gmail.com ou WhatsApp"
        " +33 1 99 00 12 34, prêteur sérieux",
        "Grand marabout, retour de l'être aimé, résultat garanti, WhatsApp +229 99 00 12 34",
        "He is a real hacker for hire, contact him on WhatsApp +1 202 555 0134, hack your spouse",
    ],
)
def test_blatant_spam_is_refused(content: str) -> None:
    assert total(content) >= REFUSE


@pytest.mark.parametrize(
    "content",
    [
        "Gagnez 300 euros par jour, cliquez ici : http://a.example/x",
        "I was sceptical but this expert trader doubled it, email him at a.trader@gmail.com",
        "Nice post! Visit my website http://cheap-shoes.example/ for replica bags",
        "asdkjh qwlekjqwe hjkdfq",
    ],
)
def test_likely_spam_is_held(content: str) -> None:
    assert total(content) >= HOLD


@pytest.mark.parametrize(
    ("content", "author"),
    [
        ("Le Monde en parlait déjà : https://www.lemonde.fr/article/2024/03/12/a.html", "Léa"),
        ("There's a longer answer here: https://stackoverflow.com/questions/231767/x", "Wiebke"),
        ("Merci pour cet article, exactement ce que je cherchais !", "AKPANRI Komla"),
        ("Thanks for sharing, great article.", "Priya N."),
        ("hahahaha", "mimi07"),
        ("La SNCF et la RATP ont signé avec l'URSSAF, la CPAM et la CAF.", "Retraité SNCF"),
        ("MAIS C'EST PAS VRAI ENFIN QUI A VALIDÉ CE PROJET ????", "BERNADETTE"),
        ("J'ai perdu 340 euros avec un faux prêt entre particuliers. Méfiez-vous !", "Nadège"),
        ('Never pay those "hire a hacker" people. My sister lost 150 dollars.', "Imani"),
        ("Appelez l'état civil, 01 99 00 14 22, ils répondent le matin.", "Sylvie"),
        ("Le casino du port a fermé, trente emplois perdus pour la ville.", "Croupier à Divonne"),
        ("c'est fini.La suite demain, lisez setup.py", "kb_dev"),
    ],
)
def test_what_readers_write_stays_below_four_tenths(content: str, author: str) -> None:
    assert total(content, author) < 0.4


@pytest.mark.parametrize(
    "content",
    [
        "GAGNEZ LE MATCH LES GARS ON VOUS AIME TOUS TRÈS FORT",
        "la vidéo complète est par ici pour les curieux https://bit.ly/x",
        "tout est expliqué en détail sur https://chaussures.top/a",
        "https://a.example/x",
        "regardez donc [url=https://a.example/x]cette page[/url] qui explique tout",
        "👏" * 30,
    ],
)
def test_a_marginal_thing_alone_is_not_held(content: str) -> None:
    assert total(content) < HOLD


HOSTILE_PIECES = [
    "a", ".", "a.", "a-", "http://", "1 ", "0", "(", "@", "a@", "[url=", "<a ", "zero ",
    "x.y@z.", "é", "а", "aа", "qx", "casino en ligne ", "+33 6 ", "\n", "abcdefgh\n", "🔥",
    "http://a.top/ ", "a.top ", "M A J ", "\u200b", "a\u200b", "w w w . ", "(dot) top", "_",
    "telegram @ ", "xn--a.", "http://a@", "bit.ly/a ", "[.]a ", "!", "1.1.", "ﷺ", "\u0301",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE_PIECES)
def test_hostile_characters_cost_work_in_proportion_to_their_number(piece: str) -> None:
    assert_work_in_proportion(
        lambda content: found(content, content[:100]),
        lambda length: (piece * length)[:length],
        length=10_000,
        per_char=25,
    )


@settings(max_examples=60)
@given(st.lists(st.sampled_from(HOSTILE_PIECES), min_size=1, max_size=4), st.text(max_size=8))
@example(["casino en ligne ", "xn--a."], "")
@example(["a@", "\n"], "")
def test_mixed_hostile_characters_cost_no_more(pieces: list[str], end: str) -> None:
    """Twice the text may be of another kind by where it ends, so each has its own bound."""
    for length in (2_000, 4_000):
        text = ("".join(pieces) * length)[:length] + end
        assert calls_in(lambda content: found(content, content[:100]), text) < 30 * length


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_is_judged_with_scores_in_range_and_spans_within_it(
    content: str, author: str
) -> None:
    lengths = {"content": len(content), "author": len(author)}
    for signal in found(content, author):
        assert 0.0 < signal.score <= 1.0
        assert 0.0 < signal.weight <= 1.0
        spans = [span for evidence in signal.evidence for span in evidence.spans]
        assert all(0 <= span.start < span.end <= lengths[span.field] for span in spans)


@given(st.lists(st.text(max_size=60), max_size=5))
def test_each_check_answers_once_per_case_and_cases_do_not_touch(contents: list[str]) -> None:
    cases = [
        Case(Comment(id=str(n), site="s", page="/p", content=content))
        for n, content in enumerate(contents)
    ]
    for check in CHECKS:
        together = check.review(Batch(cases))
        assert len(together) == len(cases)
        if not isinstance(check, Duplicates):
            alone = [check.review(Batch([case]))[0] for case in cases]
            assert [list(one) for one in together] == [list(one) for one in alone]
