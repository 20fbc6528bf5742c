"""Spelling tricks for training."""

import random

from hypothesis import given
from hypothesis import strategies as st

from training.encoder.disguise import disguised, folded

SENTENCE = "Espèce de connard, dégage vite de chez nous"


@given(st.text(max_size=80), st.integers(0, 999))
def test_any_text_can_be_disguised(text: str, seed: int) -> None:
    assert isinstance(disguised(text, random.Random(seed)), str)


def test_tricks_differ_by_seed_and_repeat_with_it() -> None:
    found = [disguised(SENTENCE, random.Random(seed)) for seed in range(60)]
    assert found == [disguised(SENTENCE, random.Random(seed)) for seed in range(60)]
    assert len(set(found)) > 20
    assert sum(text == SENTENCE for text in found) <= 3


def test_folding_takes_accents_and_case_away() -> None:
    assert folded("Égoïste À Çà") == "egoiste a ca"
