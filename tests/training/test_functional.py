"""Which sentences the evaluation takes for clean."""

from training.evaluation.functional import clean_sentences
from training.rows import Row


def test_a_sentence_with_a_listed_rude_word_is_not_clean() -> None:
    rows = [_spoken("On galère à sortir de ce putain de hamac."), _spoken("On galère à sortir.")]
    found = clean_sentences(rows)
    assert [row.text for row in found["clean sentences, fr"]] == ["On galère à sortir."]
    assert found["clean sentences, en"] == []


def test_a_word_that_looks_rude_is_no_reason_to_leave_a_sentence_out() -> None:
    rows = [_spoken("Les habitants de Condom attendent le bus.")]
    assert clean_sentences(rows)["clean sentences, fr"] == rows


def test_sentences_of_other_sources_vouch_for_nothing() -> None:
    row = Row("On galère à sortir.", "fr", "posts_read", {}, 1.0)
    assert clean_sentences([row])["clean sentences, fr"] == []


def _spoken(text: str) -> Row:
    return Row(text, "fr", "ud_french_parisstories", {}, 1.0)
