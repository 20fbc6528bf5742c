"""Cutting the vocabulary down."""

import numpy as np
import pytest

from training.encoder.source import Source
from training.encoder.vocabulary import Vocabulary, cut

LETTERS = "abcdefghijklmnopqrstuvwxyzé!,."
WORDS = ["▁bonjour", "▁chat", "▁chien", "bon", "jour"]


@pytest.fixture
def vocabulary() -> Vocabulary:
    specials = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    letters = [(letter, -9.0) for letter in ("▁", *LETTERS)]
    pieces = [*specials, *letters, *[(word, -5.0) for word in WORDS]]
    source = Source(pieces, {"emb.word": np.zeros((len(pieces), 4), np.float32)})
    return cut(source, ["bonjour chat", "bonjour 🤬🤬🤬🤬"], most=4 + 1 + len(LETTERS) + 2)


def test_pieces_that_texts_use_stay_whole(vocabulary: Vocabulary) -> None:
    assert vocabulary.tokenizer.encode("bonjour").tokens == ["<s>", "▁bonjour", "</s>"]


def test_a_word_that_was_cut_falls_into_smaller_pieces(vocabulary: Vocabulary) -> None:
    assert vocabulary.tokenizer.encode("chien").tokens == ["<s>", "▁", *"chien", "</s>"]


@pytest.mark.parametrize(
    "text",
    [
        "漢字",
        "كلب",
        "👩‍🚀",
        "日本 chat",
        "\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    ],
)
def test_nothing_becomes_unknown(vocabulary: Vocabulary, text: str) -> None:
    assert "<unk>" not in vocabulary.tokenizer.encode(text).tokens


def test_a_sign_that_the_source_lacks_gets_a_piece_of_its_own(vocabulary: Vocabulary) -> None:
    assert "🤬" in vocabulary.tokenizer.encode("🤬").tokens
    assert vocabulary.new == 1 + 256


def test_letters_are_kept_apart_by_nothing_invisible(vocabulary: Vocabulary) -> None:
    plain, hidden = "chat", "c\u200bh\u00ada\u0336t"
    assert vocabulary.tokenizer.encode(hidden).tokens == vocabulary.tokenizer.encode(plain).tokens
