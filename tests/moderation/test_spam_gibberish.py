"""Mashed keys, against the words and names of many languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.batch import Batch
from service.moderation.checks.spam.gibberish import Gibberish
from service.moderation.comment import Case, Comment

CHECK = Gibberish()


def codes(content: str, author: str = "") -> set[str]:
    case = Case(Comment(id="1", site="s", page="/p", content=content, author=author))
    return {signal.evidence[0].code for signal in CHECK.review(Batch([case]))[0]}


@pytest.mark.parametrize(
    "content",
    [
        "asdkjh qwlekjqwe",
        "lkjsdf aoisud hjkdf wqoeiru",
        "tYhLqPzXvB nMkRsWd",
        "fghfhfghfgf ghsfghfg g gh",
        "qsdfjklm wxcvbn poiuytr",
        "vjhqgx kdlspxq kjhsdfkjh",
    ],
)
def test_mashed_keys_are_gibberish(content: str) -> None:
    assert codes(content) == {"gibberish"}


@pytest.mark.parametrize(
    "content",
    [
        "Wszystkiego najlepszego z okazji urodzin, Krzysztof Brzęczyszczykiewicz",
        "Herbstschmuck, Rechtschreibung, Geschichtsschreibung und Angstschweiß",
        "Schwarzkopf, Schwartz und Schmidt",
        "Strč prst skrz krk",
        "Hrvatska crkva i smrt",
        "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
        "Andriamampianina Rakotomalala",
        "kjøtt og fjord, hjertelig hilsen",
        "eindelijk krijgen we vrijheid, schrijver",
        "Afghanistan, Azerbaïdjan, property, liberty, Schwert",
        "slt bjr tjrs mtnt ptdr jspr vrmt",
        "mdrrrrrrr ptdrrrrr pfffff grrrr hmmmm",
        "jcomprend pa pk les gens",
        "lgbtq",
        "HTML, CSS, XML, HTTP, SQL",
        "#throwbackthursday @xkcdfan https://qwxz.example/vbnm",
        "undefined reference to pthread_create in libxslt",
        "Khrouchtchov et Tchaïkovski",
        "catchphrase, Knightsbridge, lengths and strengths",
        "Сегодня вскрытие ВПК взгляд",
        "Nguyễn Phương Thúy",
        "",
    ],
)
def test_words_names_and_abbreviations_of_many_languages_are_not(content: str) -> None:
    assert codes(content) == set()


def test_one_odd_word_among_good_ones_is_a_slip() -> None:
    assert codes("Très bon article, merci beaucoup asdkjhqw, continuez longtemps ainsi") == set()


def test_a_mashed_author_is_noted() -> None:
    assert codes("Merci", author="GxwRtYhNmK") == {"gibberish.author"}


@pytest.mark.parametrize("author", ["Krzysztof", "McDonald", "JeanPaulDuPont", "Nkechi", "wjsn"])
def test_an_unusual_name_is_not(author: str) -> None:
    assert codes("Merci", author=author) == set()


@given(st.lists(st.sampled_from(["lecture", "weekend", "Straße", "żółw", "bonjour", "school"])))
def test_any_run_of_words_is_words(words: list[str]) -> None:
    assert codes(" ".join(words)) == set()
