"""Rude words misspelt or cut are found, and real words that look like them are not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch
from service.moderation.checks.toxicity.lexicon import (
    BRIEF_LANGS,
    Lexicon,
    shipped_entries,
    shipped_words,
)
from service.moderation.checks.toxicity.misspellings import Misspellings, shipped_lookalikes
from service.moderation.comment import Case, Comment
from service.moderation.signal import Attribute
from service.moderation.text import Text
from tests.moderation.work import assert_work_in_proportion

LEXICON = Lexicon()
LISTED = Misspellings({"connard": 0, "putain": 1, "shit": 2}, {"conrad", "pu tain"})


def words_found(content: str, lang: str) -> list[object]:
    comment = Comment(id="1", site="s", page="/p", content=content, lang=lang)
    (signals,) = LEXICON.review(Batch([Case(comment)]))
    return [
        evidence.params["word"]
        for signal in signals
        if signal.attribute is Attribute.PROFANITY
        for evidence in signal.evidence
    ]


def numbers(prepared: str) -> list[tuple[int, str]]:
    return [(number, prepared[start:end]) for number, start, end in LISTED.found_in(prepared)]


@pytest.mark.parametrize(
    "written",
    [
        "c.onnard",
        "co_nnard",
        "conn-ard",
        "con nard",
        "con\nnard",
        "cnonard",
        "connrad",
        "connrd",
        "conard",
        "conn.ards",
        "c_onnard",
    ],
)
def test_one_slip_or_separator_does_not_hide_a_listed_word(written: str) -> None:
    assert numbers(f"quel {written}, celui-la") == [(0, written)]


@pytest.mark.parametrize("written", ["pvtain", "pu+ain", "pv+ain", "pu+ains"])
def test_v_is_read_as_u_and_a_plus_as_t(written: str) -> None:
    assert numbers(f"{written} de voiture") == [(1, written)]


@pytest.mark.parametrize("written", ["p+u+ain", "pu+", "+pu+ain", "pu+ain2", "a+b"])
def test_a_plus_that_makes_no_listed_word_is_a_plus(written: str) -> None:
    assert numbers(written) == []


def test_a_sign_that_stands_between_no_two_words_makes_one_of_any_pair() -> None:
    assert numbers("pu_tain de voiture") == [(1, "pu_tain")]


def test_a_short_word_is_found_cut_only_where_the_sign_stands_between_no_two_words() -> None:
    assert numbers("what a sh_it day") == [(2, "sh_it")]
    assert numbers("sh it and sh.it") == []
    assert numbers("shti siht sht") == []


@pytest.mark.parametrize(
    "harmless", ["conrad", "pu tain", "pu.tain", "con  nard", "nard con", "con. nard"]
)
def test_what_is_on_the_list_of_real_words_or_further_apart_is_left_alone(harmless: str) -> None:
    assert numbers(harmless) == []


@pytest.mark.parametrize("joined", ["l'con nard", "x-con-nard", "con.nard.example", "a/con/nard/b"])
def test_a_piece_of_something_longer_is_no_half_of_a_word(joined: str) -> None:
    assert numbers(joined) == []


@pytest.mark.parametrize(
    ("content", "lang"),
    [
        ("Il n'a pas vu la mer.De plus, il pleuvait.", "fr"),
        ("Ni lui ni que son frère, le chat te regarde, ta fiole est vide.", "fr"),
        ("C hier que Conrad a pris la caisse pour fumer plus, grâce à un virage.", "fr"),
        ("La sueur, la salade, un tube, des sites, la douce youpie, partir en foire.", "fr"),
        ("Les douches, la bâche, le patin, la pente, une pire morve, les biches.", "fr"),
        ("Let's pick the bits: it's hits, a batch of slopes, wet back, cream pie.", "en"),
        ("He put in the cat in the salad; who re-read it? In Jun, on tech.", "en"),
        ("Conrad was waking up, sitting by the miners, sick of chins and bones.", "en"),
        ("You pin it, you pine for it, red skin, the horses hit the wall.", "en"),
        ("3+4, c++, a+b, vitamin B+, 18+ only", "en"),
    ],
)
def test_ordinary_words_one_letter_away_are_no_hits(content: str, lang: str) -> None:
    assert words_found(content, lang) == []


@pytest.mark.parametrize(
    ("content", "lang", "word"),
    [
        ("Quelle s.alope celle-là", "fr", "s.alope"),
        ("Encore un en_culé de première", "fr", "en_culé"),
        ("Sale bâ_tard", "fr", "bâ_tard"),
        ("Quel enc\nulé", "fr", "enc\nulé"),
        ("Tas de brodel ici", "fr", "brodel"),
        ("You as_shole", "en", "as_shole"),
        ("What a ba+ch, you bas+ard", "en", "bas+ard"),
        ("mo+herfvcker", "en", "mo+herfvcker"),
        ("Total bulshit", "en", "bulshit"),
    ],
)
def test_the_evidence_shows_the_disguised_word_as_written(
    content: str, lang: str, word: str
) -> None:
    assert word in words_found(content, lang)


def test_misspellings_are_looked_for_in_french_and_english_only() -> None:
    assert words_found("connrd", "fr") == ["connrd"]
    assert words_found("connrd", "it") == []


def test_every_real_word_is_in_plain_letters_and_would_be_taken_for_a_rude_one() -> None:
    rude = {
        entry.phrase: number
        for number, entry in enumerate(shipped_entries())
        if Attribute.PROFANITY in entry.strengths and entry.lang not in BRIEF_LANGS
    }
    unguarded = Misspellings(rude, ())
    for phrase in shipped_lookalikes():
        assert Text.of(phrase).plain == phrase
        assert list(unguarded.found_in(phrase.replace(" ", "-"))), phrase


@given(st.text(alphabet="conard .+_v'", max_size=40))
def test_what_is_found_lies_within_the_text(prepared: str) -> None:
    for number, start, end in LISTED.found_in(prepared):
        assert number in {0, 1, 2}
        assert 0 <= start < end <= len(prepared)


@pytest.mark.parametrize("piece", ["con nard ", "conn+", "a+", "c.o ", "fvck ", "encul e "])
def test_slips_cost_work_in_proportion_to_their_number(piece: str) -> None:
    words = shipped_words()
    assert_work_in_proportion(
        lambda prepared: words.disguised_hits(prepared, "fr"),
        lambda length: (piece * length)[:length],
        length=20_000,
        per_char=25,
    )
