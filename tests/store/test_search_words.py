"""Words as people look for them: without case and accents, in any script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.search_words import BLOOM_BYTES, bloom_of, page_words, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L'été, à Noël !", {"ete", "noel"}),
        ("STRASSE Straße", {"strasse"}),
        ("e\u0301te\u0301 ﬁn ＡＢ", {"ete", "fin", "ab"}),
        ("a b, c: 06 12", {"06", "12"}),
        ("snake_case e-mail", {"snake", "case", "mail"}),
        ("Привет МИР", {"привет", "мир"}),
        ("天気がいい", {"天気", "気か", "かい", "いい"}),
        ("Tokyo東京", {"tokyo", "東京"}),
        ("水 Tokyo京", {"tokyo"}),
        ("İstanbul", {"istanbul"}),
        ("", set()),
    ],
)
def test_a_text_has_these_words(text: str, words: set[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("https://site.test/caf%C3%A9?id=3", "café?id=3"),
        ("HTTP://site.test", ""),
        ("https://site.test/", ""),
        ("article-7", "article-7"),
    ],
)
def test_a_page_is_found_by_its_path_or_its_name(page: str, text: str) -> None:
    assert page_words(page) == text


@given(st.text(), st.text())
def test_what_is_there_always_shows_in_the_bits(one: str, other: str) -> None:
    whole, part = bloom_of(words_of(one, other)), bloom_of(words_of(one))
    assert len(whole) == BLOOM_BYTES
    assert all(a & b == b for a, b in zip(whole, part, strict=True))


@given(st.text())
def test_words_of_words_are_the_same_words(text: str) -> None:
    words = words_of(text)
    assert all(words_of(word) == {word} for word in words)


def test_most_words_that_are_not_there_do_not_show() -> None:
    there = bloom_of(f"there{number}" for number in range(20))
    bits = int.from_bytes(there, "little")
    asked = [int.from_bytes(bloom_of([f"absent{number}"]), "little") for number in range(2_000)]
    assert sum(each & bits == each for each in asked) < 40
