"""Batches of rows about as long as each other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.encoder.batches import LENGTHS, in_order, shuffled
from training.encoder.source import PAD

ROWS = st.lists(st.integers(2, LENGTHS[-1]), min_size=1, max_size=60)


@given(ROWS)
def test_in_order_leaves_no_row_out(lengths: list[int]) -> None:
    ids = [[5] * length for length in lengths]
    found = {int(i) for batch in in_order(ids, 8) for i in batch.chosen}
    assert found == set(range(len(ids)))


@given(ROWS)
def test_the_mask_covers_each_row_and_padding_fills_the_rest(lengths: list[int]) -> None:
    ids = [[5] * length for length in lengths]
    for batch in in_order(ids, 4):
        assert batch.mask.sum(1).tolist() == [lengths[i] for i in batch.chosen]
        assert (batch.ids[batch.mask == 0] == PAD).all()
        assert batch.ids.shape[1] in LENGTHS


def test_shuffled_batches_are_full_hold_no_row_twice_and_follow_the_seed() -> None:
    ids = [[5] * (2 + number % 40) for number in range(300)]
    batches = [batch.chosen.tolist() for batch in shuffled(ids, 16, seed=3)]
    rows = [row for batch in batches for row in batch]
    assert {len(batch) for batch in batches} == {16}
    assert len(rows) == len(set(rows))
    assert batches == [batch.chosen.tolist() for batch in shuffled(ids, 16, seed=3)]
    assert batches != [batch.chosen.tolist() for batch in shuffled(ids, 16, seed=4)]
    assert not np.array_equal(rows, sorted(rows))
