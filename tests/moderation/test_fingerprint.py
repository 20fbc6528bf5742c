"""What a fingerprint keeps of a text, and what it forgets."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.moderation.fingerprint import SIZE, fingerprints, key64, shared

LOCK = (
    "the canal lock at the end of our village was rebuilt in stone by the masons of the county"
    " after the flood, and the keeper still lives in the small white house beside the gate"
)
RECIPE = (
    "faites fondre le beurre avec le chocolat, ajoutez les oeufs un par un puis la farine et"
    " laissez cuire vingt minutes au four chaud avant de servir avec une boule de glace"
)
ALIKE = 14
"""The samples that service.moderation.copies asks for."""


def in_common(one: str, other: str) -> int:
    """Return how many samples two texts share."""
    first, second = fingerprints([one, other])
    return int(shared(first, second[None, :])[0])


def test_the_same_text_has_the_same_fingerprint_wherever_it_stands_in_a_batch() -> None:
    alone, among = fingerprints([LOCK]), fingerprints([RECIPE, "short", LOCK, RECIPE])
    assert alone[0].tolist() == among[2].tolist()
    assert among[0].tolist() == among[3].tolist() != among[2].tolist()
    assert among.shape == (4, SIZE)


def test_fingerprints_do_not_change_from_one_machine_or_release_to_the_next() -> None:
    assert [row.tobytes().hex() for row in fingerprints([LOCK, RECIPE])] == [
        "9382c9d67586a6e71228de2c622da675523325422d5040f9f22a4797cbd4aeb6",
        "f259331d7831f18ac49a7bd30608e18d664cee56b70a659f33dfa563f5ff877c",
    ]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_a_few_changed_words_leave_most_samples_alone(count: int) -> None:
    words = LOCK.split()
    for index in range(count):
        words[3 + 6 * index] = f"autre{'abcd'[index] * 3}"
    assert ALIKE <= in_common(LOCK, " ".join(words)) < SIZE


def test_unrelated_texts_share_next_to_no_samples() -> None:
    assert in_common(LOCK, RECIPE) < ALIKE / 2


def test_numbers_and_addresses_are_what_a_template_fills_in() -> None:
    one = f"{LOCK}, call 0199001234 or see https://a.example.com/x?y=1 or write to me@example.com"
    other = f"{LOCK}, call 0755112233 or see https://b.example.org/z or write to you@example.org"
    assert in_common(one, other) == SIZE
    assert in_common(f"{LOCK} shop.example.com/a", f"{LOCK} other-shop.test") == SIZE


@pytest.mark.parametrize(
    "text",
    ["merci !", "", "great post", "1 2 3 4 5 6 7 8 9 10 11 12 13", "a b c d e f g h i j k l"],
)
def test_a_text_of_few_words_has_no_fingerprint(text: str) -> None:
    assert not fingerprints([text]).any()


def test_a_batch_of_nothing_has_no_fingerprints() -> None:
    assert fingerprints([]).shape == (0, SIZE)


def test_punctuation_spacing_and_order_do_not_count() -> None:
    assert in_common(LOCK.replace(" ", "  ").replace(",", " ! "), LOCK) == SIZE


def test_characters_are_words_in_scripts_without_spaces() -> None:
    text = "这个船闸在洪水之后由石匠重新修建而守门人仍然住在门边的白色小屋里面直到今天都是这样"
    assert in_common(text, text.replace("白色", "红色")) >= ALIKE


def test_of_copies_of_one_template_nearly_all_pairs_are_alike() -> None:
    """Two words of about 30 differ, and the name, the number and the link."""
    chance = random.Random(4)
    template = (
        "Bonjour, je suis {} et je remercie le docteur qui a sauvé mon mariage en trois jours,"
        " il aide aussi pour le travail et la santé, écrivez au {} ou sur {} sans attendre"
    )
    copies = []
    for number in range(40):
        name = chance.choice(["Amina", "Sylvie", "Roger", "Patrice"])
        words = template.format(name, chance.randrange(10**9), f"https://s{number}.example").split()
        for _ in range(2):
            words[chance.randrange(len(words))] = chance.choice(["vraiment", "merveilleux", "hier"])
        copies.append(" ".join(words).lower())
    table = fingerprints(copies)
    pairs = [shared(row, table[:index]) for index, row in enumerate(table)]
    assert np.mean(np.concatenate(pairs) >= ALIKE) > 0.95


@given(st.lists(st.text(), max_size=6))
def test_any_texts_have_one_fingerprint_each_that_does_not_depend_on_the_others(
    texts: list[str],
) -> None:
    together = fingerprints(texts)
    assert together.dtype == np.uint8
    assert together.tolist() == [fingerprints([text])[0].tolist() for text in texts]


@given(st.lists(st.binary(min_size=SIZE, max_size=SIZE), min_size=1, max_size=5))
def test_shared_samples_are_counted_one_by_one(rows: list[bytes]) -> None:
    table = np.frombuffer(b"".join(rows), np.uint8).reshape(-1, SIZE)
    expected = [sum(a == b for a, b in zip(rows[0], row, strict=True)) for row in rows]
    assert shared(table[0], table).tolist() == expected


@given(st.text(), st.text())
def test_keys_fit_64_bits_and_tell_texts_apart(one: str, other: str) -> None:
    assert 0 <= key64(one) < 2**64
    assert (key64(one) == key64(other)) == (one == other)


def test_keys_do_not_change_from_one_machine_or_release_to_the_next() -> None:
    assert key64("ecluse") == 0x1BC2951617C1AA4
