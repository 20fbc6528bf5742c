"""Training on small data: splits that do not leak, bytes that repeat, honest curves."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from service.moderation.models.features import DENSE
from service.moderation.models.linear import LinearModel
from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Weights, read
from service.moderation.signal import Attribute
from service.moderation.text import Text
from training import evaluate, train
from training.calibrate import curves, straight
from training.evaluate import CLOSING, OPENING, judge, write_into_card
from training.fit import Design, Parameters, Schedule, fit, quantised
from training.measure import calibration_error, recall_at, roc_auc
from training.rows import Row, read_rows, written_rows
from training.split import FOLDS, folds
from training.targets import targets_of, weights_of

TOXICITY = ATTRIBUTES.index(Attribute.TOXICITY)
QUICK = Schedule(epochs=8, batch=64, rate=0.05)
RUDE = ("moufle", "nouille", "patate", "banane", "cornichon")
TOPICS = ("le budget", "la gare", "le match", "la météo", "le marché", "ce film", "l'école")


def a_row(text: str, toxicity: float = 0.0, lang: str = "fr", **fields: object) -> Row:
    row = {"source": "made", "weight": 1.0, "block": "", **fields}
    return Row(text, lang, targets={Attribute.TOXICITY: toxicity}, **row)  # type: ignore[arg-type]


def some_rows() -> list[Row]:
    """Return 140 rows in which only the rude word decides."""
    return [
        a_row(f"{opening} {topic} {word}", float(word in RUDE))
        for opening in ("Franchement", "Encore")
        for topic in TOPICS
        for word in (*RUDE, "vraiment", "demain", "dimanche", "ensemble", "parfois")
    ]


def texts_of(rows: list[Row]) -> list[Text]:
    return [Text.of(row.text) for row in rows]


def fitted(rows: list[Row]) -> Parameters:
    targets = targets_of(rows)
    weights = weights_of(rows, targets)
    return fit(Design.of(texts_of(rows)), np.nan_to_num(targets), weights, QUICK)


def weights_from(parameters: Parameters) -> Weights:
    table, scales = quantised(parameters.table)
    dense = parameters.dense
    curve = {ANY_LANGUAGE: straight()}
    return Weights(table, scales, dense[: len(DENSE)], dense[len(DENSE)], curve)


# Rows -----------------------------------------------------------------------------------------


def test_a_row_labelled_by_reading_teaches_every_attribute(tmp_path: Path) -> None:
    row = read_one(
        tmp_path,
        "labelled_fr",
        label=1.0,
        lang="fr",
        source="posts_read",
        detail=["insult", "profanity"],
    )
    assert row.targets[Attribute.INSULT] == 1.0
    assert row.targets[Attribute.THREAT] == 0.0
    assert row.targets[Attribute.PROFANITY] == 1.0


def test_a_quoted_slur_is_profanity_and_no_attack(tmp_path: Path) -> None:
    row = read_one(
        tmp_path,
        "labelled_fr",
        label=0.0,
        lang="fr",
        source="posts_read",
        detail=["identity_attack", "profanity", "quoted"],
    )
    assert row.targets[Attribute.IDENTITY_ATTACK] == 0.0
    assert row.targets[Attribute.PROFANITY] == 1.0


def test_portuguese_read_in_the_wrong_encoding_is_repaired(tmp_path: Path) -> None:
    broken = "olá né".encode().decode("gbk")
    row = read_one(
        tmp_path, "toxicity", text=broken, label=0, lang="pt", source="toldbr2020", detail=None
    )
    assert row.text == "olá né"


def test_the_validation_posts_train_nothing(tmp_path: Path) -> None:
    raw = {"text": "x", "label": 1, "lang": "fr", "source": "toxifrench_human2025"}
    put(tmp_path / "validation_fr.jsonl.gz", raw)
    assert not [row for row in read_rows(tmp_path) if row.source == raw["source"]]


def test_shipped_sentences_are_labelled_in_full() -> None:
    rows = list(written_rows())
    assert {row.lang for row in rows} == {"fr", "en"}
    assert all(set(row.targets) == set(Attribute) for row in rows)


def put(path: Path, *rows: object) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def read_one(folder: Path, name: str, **raw: object) -> Row:
    put(folder / f"{name}.jsonl.gz", {"text": "quelque chose", **raw})
    (row,) = (row for row in read_rows(folder) if row.source == raw["source"])
    return row


# Splits ---------------------------------------------------------------------------------------


def test_folds_do_not_depend_on_the_order_of_rows() -> None:
    rows = some_rows()
    forward = folds(rows, texts_of(rows))
    backward = folds(rows[::-1], texts_of(rows[::-1]))
    np.testing.assert_array_equal(forward, backward[::-1])


def test_rows_of_a_block_stay_together() -> None:
    rows = [a_row(f"{number} mots {chr(97 + number)}", block="one") for number in range(20)]
    assert len(set(folds(rows, texts_of(rows)).tolist())) == 1


def test_copies_and_near_copies_stay_together() -> None:
    words = "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze"
    rows = [a_row(words), a_row(words.upper() + " !!"), a_row(f"{words} seize")]
    assert len(set(folds(rows, texts_of(rows)).tolist())) == 1


def test_different_texts_spread_over_the_folds() -> None:
    rows = [a_row(f"mot{chr(97 + i % 26)}{chr(97 + i // 26)}") for i in range(300)]
    assert len(set(folds(rows, texts_of(rows)).tolist())) == FOLDS


# Weights of rows ------------------------------------------------------------------------------


def test_a_language_with_more_guilt_does_not_weigh_more() -> None:
    rows = [a_row(str(n), float(n % 10 < 6), "fr") for n in range(100)]
    rows += [a_row(str(n), float(n % 10 < 2), "en") for n in range(100)]
    targets = targets_of(rows)[:, TOXICITY]
    weights = weights_of(rows, targets_of(rows))[:, TOXICITY]
    shares = [
        (targets * weights)[part].sum() / weights[part].sum()
        for part in (slice(0, 100), slice(100, 200))
    ]
    assert shares[0] == pytest.approx(shares[1])


def test_an_unknown_target_weighs_nothing() -> None:
    rows = [a_row("a", 1.0), a_row("b", 0.0)]
    weights = weights_of(rows, targets_of(rows))
    assert (np.delete(weights, TOXICITY, axis=1) == 0).all()


# Fitting --------------------------------------------------------------------------------------


def test_fitting_learns_what_decides_and_carries_it_to_new_sentences() -> None:
    model = LinearModel(weights_from(fitted(some_rows())))
    rude, polite = model.scores(
        [Text.of("Toujours la piscine banane"), Text.of("Toujours la piscine parfois")], ["", ""]
    )[:, TOXICITY]
    assert rude > 0.5 > polite


def test_the_model_computes_what_was_fitted() -> None:
    rows = some_rows()
    parameters = fitted(rows)
    texts = texts_of(rows)
    model = LinearModel(weights_from(parameters))
    expected = Design.of(texts).log_odds(parameters)[:, TOXICITY]
    scores = model.scores(texts, [""] * len(texts))[:, TOXICITY]
    np.testing.assert_allclose(np.log(scores / (1 - scores)), expected, atol=0.1)


def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    put(tmp_path / "toxicity.jsonl.gz", *(raw_of(row) for row in some_rows()))
    written = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        train.main(["--data", str(tmp_path), "--out", str(tmp_path / name), "--epochs", "1"])
        written.append((tmp_path / name / "linear.weights").read_bytes())
    assert written[0] == written[1]
    assert read(tmp_path / "one" / "linear.weights").table.any()


def raw_of(row: Row) -> dict[str, object]:
    label = int(row.targets[Attribute.TOXICITY])
    return {
        "text": row.text,
        "label": label,
        "lang": row.lang,
        "source": "germeval2018",
        "detail": None,
    }


# Calibration and measures ---------------------------------------------------------------------


def test_calibration_makes_four_of_five_out_of_eight_tenths() -> None:
    generator = np.random.default_rng(5)
    shape = (20_000, len(ATTRIBUTES))
    truth = generator.normal(size=shape).astype(np.float32)
    targets = (generator.random(shape) < 1 / (1 + np.exp(-2 * truth + 1))).astype(np.float32)
    tables = curves(truth, targets, np.ones(shape, np.float32), ["fr"] * shape[0])
    slopes, offsets = tables[ANY_LANGUAGE]
    np.testing.assert_allclose(slopes, 2, atol=0.15)
    np.testing.assert_allclose(offsets, -1, atol=0.15)


def test_a_language_with_few_rows_takes_the_general_curve() -> None:
    shape = (100, len(ATTRIBUTES))
    log_odds = np.linspace(-2, 2, 800, dtype=np.float32).reshape(shape)
    targets = (log_odds > 0).astype(np.float32)
    langs = ["fr"] * 97 + ["nl"] * 3
    assert set(curves(log_odds, targets, np.ones(shape, np.float32), langs)) == {"", "fr"}


def test_measures_of_perfect_scores_are_perfect() -> None:
    labels = np.array([False, False, True, True])
    scores = np.array([0.0, 0.0, 1.0, 1.0])
    assert roc_auc(labels, scores) == recall_at(labels, scores, 0.01) == 1.0
    assert calibration_error(labels.astype(float), scores) == 0.0


def test_measures_of_one_class_are_unknown() -> None:
    assert np.isnan(roc_auc(np.array([True]), np.array([0.5])))


def test_judging_keeps_the_order_of_rows() -> None:
    rows = some_rows()
    judged = judge(rows, LinearModel(weights_from(fitted(rows))))
    assert roc_auc(judged.targets[:, TOXICITY] > 0.5, judged.scores[:, TOXICITY]) > 0.95
    assert judged.totals.shape == judged.scores.shape


def test_the_report_has_a_line_for_a_source_large_enough() -> None:
    rows = some_rows()
    judged = judge(rows, LinearModel(weights_from(fitted(rows))))
    assert any(line.startswith("| made, fr | 140 | 70 |") for line in evaluate.report(judged))


def test_the_card_keeps_what_stands_around_the_tables(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"before\n{OPENING}\nold\n{CLOSING}\nafter\n", encoding="utf-8")
    write_into_card(card, "new")
    assert card.read_text(encoding="utf-8") == f"before\n{OPENING}\nnew\n{CLOSING}\nafter\n"
