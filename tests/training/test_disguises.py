"""The lists by which the search for rude words is judged: what they hold, and what they do not."""

import re

from service.moderation.checks.toxicity.lexicon import shipped_entries, shipped_words
from service.moderation.signal import Attribute
from service.moderation.text import Text
from training.evaluation.disguises import innocent
from training.rows import written_rows


def test_every_innocent_word_holds_a_rude_one_and_is_none() -> None:
    rude = [
        entry.phrase
        for entry in shipped_entries()
        if entry.strengths.get(Attribute.PROFANITY, 0.0) >= 0.5 and len(entry.phrase) >= 3
    ]
    rows = innocent()
    assert {row.lang for row in rows} == {"fr", "en"}
    for row in rows:
        plain = Text.of(row.text).plain
        assert any(word in plain for word in rude), row.text
        assert not shipped_words().hits(plain, row.lang), row.text


def test_no_sentence_that_teaches_is_one_that_judges() -> None:
    def bare(text: str) -> str:
        return re.sub(r"\W+", " ", text.lower()).strip()

    taught = {bare(row.text) for row in written_rows()}
    assert taught.isdisjoint(bare(row.text) for row in innocent())
