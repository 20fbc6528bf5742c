"""The figures about learning: who is taught, who is asked, and that a made-up word is learned."""

from __future__ import annotations

import gzip
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from service.moderation.encoder_options import LINEAR_ALONE
from service.moderation.verdict import Status
from training import learning
from training.learning import (
    EVERYDAY,
    ORDINARY,
    POSTS,
    TAUGHT,
    UNNOTICED,
    Course,
    Judged,
    Rows,
    School,
    read,
    shuffled,
    without_copies,
)

WORD = "bourrichard"
WORDS = re.findall(
    r"\w+",
    "marché pont canal école maire piscine théâtre jardin boulanger musée gare"
    " rivière forêt vélo tramway hôpital fontaine clocher village quartier match"
    " orchestre roman peinture récolte vendange troupeau fromage moulin atelier"
    " menuisier peintre voisin facteur journal lecteur article photo budget conseil"
    " réunion projet travaux trottoir platane hirondelle orage neige printemps automne"
    " dimanche matin soirée semaine année siècle histoire mémoire ouvre ferme propose"
    " raconte décrit oublie retrouve déplace protège dessine traverse visite calme"
    " ancien nouveau large petit tranquille public célèbre discret lointain agréable"
    " utile",
)


def sentences(count: int, seed: int, *more: str) -> list[str]:
    """Return sentences of ten ordinary words each, hardly any two alike, with ``more`` in them."""
    rng = random.Random(seed)
    return [" ".join(rng.sample([*rng.sample(WORDS, 10), *more], 10 + len(more)))
            for _ in range(count)]  # fmt: skip


def rows_of(texts: list[str], **more: Any) -> list[dict[str, Any]]:
    return [{"text": text, "lang": "fr", "source": POSTS, **more} for text in texts]


def write(folder: Path, name: str, rows: Rows) -> None:
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)


@pytest.fixture(scope="module")
def school() -> School:
    return School(LINEAR_ALONE)


@pytest.fixture(scope="module")
def holding(school: School) -> Judged:
    """Posts with the made-up word, some of which are refused without anybody's teaching."""
    rude = sentences(20, 1, WORD, "connard", "enculé")
    rows = rows_of([*sentences(190, 2, WORD), *rude])
    return school.judged(shuffled(rows, 3))


def test_only_published_rows_are_taught_and_asked(school: School, holding: Judged) -> None:
    course = Course.in_words(holding)
    assert len(holding.published()) < len(holding.rows)
    assert (len(course.taught), len(course.unnoticed)) == (TAUGHT, UNNOTICED)
    for rows in (course.taught, course.unnoticed, course.asked):
        assert {verdict.status for verdict in school.judge(rows)} == {Status.APPROVED}


def test_no_taught_row_is_asked_nor_a_copy_of_one(holding: Judged) -> None:
    course = Course.in_words(holding)
    every = [*course.taught, *course.unnoticed, *course.asked]
    assert len({row["text"] for row in every}) == len(every)
    assert without_copies(every) == every


def test_copies_are_left_out_word_for_word_or_nearly() -> None:
    (text,) = sentences(1, 4)
    nearly = text.rsplit(" ", 1)[0] + " autrement"
    other = "Merci"
    rows = rows_of([text, other, nearly, text, other])
    assert without_copies(rows) == rows[:2]


def test_what_is_held_is_taught_before_what_is_published_and_only_this_is_asked() -> None:
    texts = sentences(60, 5)
    statuses = [Status.HELD] * 10 + [Status.SPAM] * 10 + [Status.APPROVED] * 40
    rows = rows_of(texts)
    course = Course.in_meaning(Judged.of(rows, statuses))
    assert course.taught == [*rows[:10], *rows[20:40]]
    assert course.asked == rows[40:]


def test_what_is_ordinary_is_published_and_not_measured() -> None:
    rows = rows_of(sentences(20, 6))
    statuses = [Status.APPROVED, Status.HELD] * 10
    measured, usual = Judged.of(rows, statuses).parted(3)
    assert usual == [rows[14], rows[16], rows[18]]
    assert list(measured.counted) == [n for n in range(20) if n not in (14, 16, 18)]
    rest, all_published = Judged.of(rows, statuses).parted(300)
    assert len(all_published) == 10
    assert rest.published() == []


def test_a_made_up_word_is_learned_and_nothing_unlike_it_changes(
    school: School, holding: Judged
) -> None:
    course = Course.in_words(holding)
    ordinary = school.judged(rows_of(sentences(300, 7)))
    alike, usual = school.judged(rows_of(sentences(600, 8))).parted(ORDINARY)
    outcome = school.taught(course, Status.REJECTED, usual, ordinary, alike)
    assert len(course.asked) == 100
    assert outcome.before == 0
    assert outcome.after >= 0.95
    assert (outcome.ordinary, outcome.alike) == (0, 0)


def test_a_line_is_printed_for_each_word_and_one_for_spam_with_the_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "unlabelled", rows_of([*sentences(120, 9, WORD), *sentences(400, 10)]))
    write(tmp_path, "toxicity", rows_of(sentences(60, 11), source=f"{EVERYDAY[0]}_misc"))
    spam = rows_of(sentences(90, 12, "rangiflex"), label=1, author="Claire")
    ham = rows_of(sentences(90, 13), label=0, author=None)
    write(tmp_path, "spam_fr", [*spam, *ham])
    write(tmp_path, "spam_en", [])
    monkeypatch.setattr(learning, "WORDS", (WORD,))
    monkeypatch.setattr(learning, "OPTIONS", (LINEAR_ALONE,))
    learning.main(["--data", str(tmp_path)])
    said = capsys.readouterr().out
    assert "seeds: posts 1, ordinary 2, spam 3" in said
    lines = {line.split()[0]: line.split()[1:] for line in said.splitlines() if line}
    assert int(lines[WORD][1]) > 40
    assert lines[WORD][2:4] == ["0.0%", "100.0%"]
    assert int(lines["written"][2]) > 40


def test_long_texts_are_cut_and_an_order_is_made_by_its_seed(tmp_path: Path) -> None:
    write(tmp_path, "unlabelled", rows_of(["a" * 5000]))
    (row,) = read(tmp_path, "unlabelled")
    assert len(row["text"]) == learning.LONGEST_CHARS
    rows = rows_of(sentences(20, 14))
    assert shuffled(rows, 1) == shuffled(rows, 1) != shuffled(rows, 2)
