"""The project's own begging for likes and followers."""

from service.moderation.signal import Attribute
from training.rows import BEGGING, Row, begging_rows


def test_either_language_has_begging_and_harmless_talk_of_the_same() -> None:
    rows = list(begging_rows())
    for lang in ("fr", "en"):
        labels = [row.targets[Attribute.SPAM] for row in rows if row.lang == lang]
        assert labels.count(1.0) >= 20
        assert labels.count(0.0) >= 20


def test_neighbouring_lines_stand_in_one_block() -> None:
    blocks = {row.block for row in begging_rows()}
    assert all(block.startswith("begging_") for block in blocks)
    assert len(blocks) < len(list(begging_rows())) / 5


def test_what_is_harmless_teaches_tone_as_well_and_begging_does_not() -> None:
    for row in begging_rows():
        assert row.source == BEGGING
        assert _knows_tone(row) is (row.targets[Attribute.SPAM] == 0.0)


def _knows_tone(row: Row) -> bool:
    return Attribute.TOXICITY in row.targets
