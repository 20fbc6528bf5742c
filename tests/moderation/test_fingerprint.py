"""What a fingerprint keeps of a text, and what it forgets."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.fingerprint import distances, fingerprints, key64

LOCK = (
    "the canal lock at the end of our village was rebuilt in stone by the masons of the county"
    " after the flood, and the keeper still lives in the small white house beside the gate"
)
RECIPE = (
    "faites fondre le beurre avec le chocolat, ajoutez les oeufs un par un puis la farine et"
    " laissez cuire vingt minutes au four chaud avant de servir avec une boule de glace"
)


def test_the_same_text_has_the_same_fingerprint_wherever_it_stands_in_a_batch() -> None:
    alone, among = fingerprints([LOCK]), fingerprints([RECIPE, LOCK, RECIPE])
    assert alone[0] == among[1]
    assert among[0] == among[2] != among[1]


def test_fingerprints_do_not_change_from_one_machine_or_release_to_the_next() -> None:
    assert [int(value) for value in fingerprints([LOCK, RECIPE])] == [
        0x9C33A67D05F659C,
        0xA6A3852404F71AE,
    ]


def test_one_changed_word_changes_few_bits() -> None:
    original, edited = fingerprints([LOCK, LOCK.replace("white", "yellow")])
    assert 0 < distances(original, np.array([edited]))[0] <= 10


def test_unrelated_texts_differ_in_many_bits() -> None:
    lock, recipe = fingerprints([LOCK, RECIPE])
    assert distances(lock, np.array([recipe]))[0] > 15


def test_a_short_text_has_no_fingerprint() -> None:
    assert fingerprints(["merci !", "", "great post"]).tolist() == [0, 0, 0]


def test_a_batch_of_nothing_has_no_fingerprints() -> None:
    assert fingerprints([]).shape == (0,)


def test_punctuation_and_spacing_do_not_count() -> None:
    spaced, plain = fingerprints([LOCK.replace(" ", "  ").replace(",", " ! "), LOCK])
    assert spaced == plain


def test_characters_are_words_in_scripts_without_spaces() -> None:
    text = "这个船闸在洪水之后由石匠重新修建而守门人仍然住在门边的白色小屋里面直到今天都是这样"
    assert fingerprints([text])[0] != 0


@given(st.lists(st.text(), max_size=6))
def test_any_texts_have_one_fingerprint_each_that_does_not_depend_on_the_others(
    texts: list[str],
) -> None:
    together = fingerprints(texts)
    assert together.dtype == np.uint64
    assert together.tolist() == [int(fingerprints([text])[0]) for text in texts]


@given(st.text(), st.text())
def test_keys_fit_64_bits_and_tell_texts_apart(one: str, other: str) -> None:
    assert 0 <= key64(one) < 2**64
    assert (key64(one) == key64(other)) == (one == other)


def test_keys_do_not_change_from_one_machine_or_release_to_the_next() -> None:
    assert key64("ecluse") == 0x1BC2951617C1AA4
