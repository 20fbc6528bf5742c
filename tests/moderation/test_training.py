"""Training on small data: splits that do not leak, bytes that repeat, honest curves."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from service.moderation.models.features import DENSE
from service.moderation.models.linear import LinearModel
from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Weights, read
from service.moderation.signal import Attribute
from service.moderation.text import Text
from training import train
from training.calibrate import curves, straight
from training.convex import fit_alone
from training.evaluation.card import CLOSING, OPENING, write_into_card
from training.evaluation.contenders import Contender
from training.evaluation.disguises import TRICKS, disguised, harmless
from training.evaluation.judged import Judged
from training.evaluation.tables import tables
from training.fit import Design, Parameters, Schedule, fit, quantised
from training.measure import calibration_error, recall_at, roc_auc
from training.rows import Row, read_rows, written_rows
from training.soft import read_soft
from training.split import FOLDS, apart, folds
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


def a_contender(rows: list[Row]) -> Contender:
    """Return one that has learned ``rows``."""
    model = LinearModel(weights_from(fitted(rows)))

    def score(asked: Sequence[Row]) -> NDArray[np.float64]:
        return model.scores(texts_of(list(asked)), [row.lang for row in asked]).astype(float)

    return Contender("made", score)


def test_judging_keeps_the_order_of_rows() -> None:
    rows = some_rows()
    judged = Judged.of(rows, [a_contender(rows)])
    assert roc_auc(judged.targets[:, TOXICITY] > 0.5, judged.scores["made"][:, TOXICITY]) > 0.95


def test_a_part_of_what_was_judged_keeps_scores_beside_their_rows() -> None:
    rows = some_rows()
    judged = Judged.of(rows, [a_contender(rows)])
    part = judged.where(lambda row: row.targets[Attribute.TOXICITY] == 1.0)
    assert (part.targets[:, TOXICITY] == 1).all()
    assert (part.scores["made"][:, TOXICITY] > 0.5).mean() > 0.9


def test_every_table_has_a_line_for_a_source_large_enough() -> None:
    rows = some_rows()
    groups = {"made, fr": Judged.of(rows, [a_contender(rows)])}
    lines = list(tables("Toxicity", groups, [Attribute.TOXICITY], ["made"]))
    assert sum(line.startswith("| made, fr | 140 | 70 |") for line in lines) == 4


def test_a_source_with_too_few_rows_has_no_line() -> None:
    rows = some_rows()
    groups = {"made, fr": Judged.of(rows[:10], [a_contender(rows)])}
    assert not any("made, fr" in line for line in tables("T", groups, [Attribute.TOXICITY], []))


@pytest.mark.parametrize("name", sorted(set(TRICKS) - {"as it is"}))
def test_every_trick_changes_words_of_both_languages(name: str) -> None:
    plain, changed = disguised(TRICKS["as it is"]), disguised(TRICKS[name])
    differ = {a.lang for a, b in zip(plain, changed, strict=True) if a.text != b.text}
    assert differ == {"fr", "en"}


def test_there_are_fifty_harmless_sentences_in_each_language() -> None:
    langs = [row.lang for row in harmless()]
    assert langs.count("fr") >= 50
    assert langs.count("en") >= 50


# Spam by itself, and soft labels ----------------------------------------------------------------


def test_fitting_one_attribute_alone_finds_the_words_that_decide() -> None:
    rows = some_rows()
    design, targets = Design.of(texts_of(rows)), targets_of(rows)[:, TOXICITY]
    table, dense = fit_alone(design, targets, np.ones(len(rows), np.float32))
    scores = (design.sparse @ table + design.dense @ dense).astype(float)
    assert roc_auc(targets > 0.5, scores) > 0.99


def test_a_text_without_weight_teaches_nothing_alone() -> None:
    rows = some_rows()
    design, targets = Design.of(texts_of(rows)), targets_of(rows)[:, TOXICITY]
    weights = np.ones(len(rows), np.float32)
    weights[::2] = 0
    lied = np.where(weights > 0, targets, 1 - targets).astype(np.float32)
    honest, _ = fit_alone(design, targets, weights)
    np.testing.assert_array_equal(honest, fit_alone(design, lied, weights)[0])


def test_soft_rows_like_a_row_kept_for_judging_are_left_out() -> None:
    kept = [a_row("une phrase gardée pour juger les modèles ensuite", 1.0)]
    soft = [
        a_row("Une phrase gardée, pour juger les modèles ensuite !", 0.7),
        a_row("tout autre chose que personne ne garde pour rien", 0.2),
    ]
    assert apart(soft, texts_of(soft), kept, texts_of(kept)) == [1]


def test_soft_labels_teach_tone_and_not_spam(tmp_path: Path) -> None:
    file = tmp_path / "soft.jsonl"
    line = {"text": "t", "lang": "fr", "scores": [0.9, *[0.25] * (len(ATTRIBUTES) - 1)]}
    file.write_text(json.dumps(line) + "\n", encoding="utf-8")
    [row] = read_soft(file)
    assert Attribute.SPAM not in row.targets
    assert row.targets[Attribute.TOXICITY] == 0.25


def test_the_card_keeps_what_stands_around_the_tables(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"before\n{OPENING}\nold\n{CLOSING}\nafter\n", encoding="utf-8")
    write_into_card(card, "new")
    assert card.read_text(encoding="utf-8") == f"before\n{OPENING}\nnew\n{CLOSING}\nafter\n"
