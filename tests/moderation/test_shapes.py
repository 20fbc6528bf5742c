"""What the characters of a text are is told of all at once, as patterns would tell it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from service.moderation.shapes import Sieve, stretches_with, word_places, words_of

WRITTEN = st.text(alphabet=st.one_of(st.sampled_from("ab é1_-.\n\t²五😀\ud800"), st.characters()))


@given(WRITTEN)
def test_a_sieve_keeps_what_its_pattern_matches(text: str) -> None:
    assert Sieve(r"[\w ]").sift(text) == re.sub(r"[^\w ]", " ", text)


@given(WRITTEN)
def test_words_are_runs_of_letters_and_known_by_their_places(text: str) -> None:
    words = re.findall(r"[^\W\d_]+", text)
    assert words_of(text) == words
    assert [text[start:end] for start, end in word_places(text)] == words


@given(st.text(alphabet="a@. \n"))
def test_a_sign_is_found_with_all_that_no_space_parts_from_it(text: str) -> None:
    found = [text[start:end] for start, end in stretches_with(re.compile("@"), text)]
    assert found == [part for part in re.split(r"[ \n]", text) if "@" in part]
