"""Labels given by reading: their codes, their files, and the rows that take them."""

import gzip
import json
from pathlib import Path

import pytest

from service.moderation.signal import Attribute
from training import readings
from training.readings import key_of, reading_of
from training.rows import (
    COMMENTS_READ,
    SENTENCES_BESIDE,
    SENTENCES_READ,
    WORD_SOURCES,
    read_beside,
    read_rows,
)

POST = "une publication que personne n'avait lue"
COMMENT = "a comment with a doubtful label"
SENTENCE = "vous avez la parole, madame la présidente"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data folder of which three texts were read, and two were not."""
    _written(
        tmp_path / "unlabelled.jsonl.gz",
        {"text": POST, "lang": "fr", "source": "haine2022_tweets_fr_gpl"},
        {"text": "une autre", "lang": "fr", "source": "haine2022_tweets_fr_gpl"},
        {"text": SENTENCE, "lang": "fr", "source": "commonvoice_fr_parl"},
    )
    _written(
        tmp_path / "toxicity.jsonl.gz",
        {"text": COMMENT, "lang": "en", "source": "foxnews2017", "label": 1, "detail": None},
        {"text": "as it came", "lang": "en", "source": "foxnews2017", "label": 1, "detail": None},
    )
    found = {key_of(POST): "2ip", key_of(COMMENT): "0q", key_of(SENTENCE): "0"}
    monkeypatch.setattr("training.rows.readings", lambda: _decoded(found))
    return tmp_path


def _written(path: Path, *lines: dict[str, object]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def _decoded(codes: dict[str, str]) -> dict[str, readings.Reading]:
    return {key: reading_of(code) for key, code in codes.items()}


def test_a_code_is_a_label_and_what_is_in_the_text() -> None:
    assert reading_of("0") == (0.0, [])
    assert reading_of("1hq") == (0.5, ["identity_attack", "quoted"])
    assert reading_of("2ip") == (1.0, ["insult", "profanity"])


@pytest.mark.parametrize("code", ["3", "i2", "2z"])
def test_a_code_that_the_guide_does_not_know_is_an_error(code: str) -> None:
    with pytest.raises(KeyError):
        reading_of(code)


def test_either_language_has_thousands_of_readings_of_every_label() -> None:
    found = readings.readings()
    assert len(found) > 10_000
    assert {label for label, _ in found.values()} == {0.0, 0.5, 1.0}
    assert all(len(key) == len(key_of("")) for key in found)


def test_a_reading_takes_the_place_of_the_sources_label(folder: Path) -> None:
    rows = {row.text: row for row in read_rows(folder)}
    assert rows[COMMENT].source == COMMENTS_READ
    assert rows[COMMENT].targets[Attribute.TOXICITY] == 0.0
    assert rows["as it came"].source == "foxnews2017"
    assert rows[SENTENCE].source == SENTENCES_READ


def test_a_post_without_a_label_stands_beside_the_folds_once_it_is_read(folder: Path) -> None:
    assert POST not in {row.text for row in read_rows(folder)}
    beside = {row.text: row for row in read_beside(folder)}
    assert beside[POST].targets[Attribute.INSULT] == 1.0
    assert "une autre" not in beside


def test_sentences_that_only_teach_are_in_no_fold(folder: Path) -> None:
    written = [row for row in read_beside(folder) if row.source == SENTENCES_BESIDE]
    assert len(written) > 500
    sentences = (row for row in read_rows(folder) if row.source not in WORD_SOURCES)
    assert not {row.text for row in written} & {row.text for row in sentences}
