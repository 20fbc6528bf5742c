"""Judge the shipped weights: ``python -m training.evaluate --data FOLDER [--card FILE]``.

Judged are the rows of the fold that neither trained nor calibrated, and the French
validation posts. The tables go to the standard output, or between the marks of the
model card.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.batch import Batch
from service.moderation.cascade import Cascade
from service.moderation.checks.toxicity.lexicon import Lexicon
from service.moderation.checks.toxicity.linear import LinearToxicity
from service.moderation.comment import Case, Comment
from service.moderation.models.linear import LinearModel
from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import TONE, Attribute, combine
from service.moderation.text import Text
from training.measure import average_precision, calibration_error, recall_at, roc_auc, share_above
from training.rows import WORD_SOURCES, Row, read_rows, read_validation
from training.split import JUDGED, folds
from training.targets import LIFE_SHARES, targets_of, weights_of

OPENING, CLOSING = "<!-- evaluation -->", "<!-- /evaluation -->"
REFUSED, HELD = 0.01, 0.05

_MIN_ROWS = 25
_BATCH = 256
# Found by words of hate, or built to look like it: clean rows there are the hardest.
_HARD = ("posts_read", "contrast_written", "hatemojibuild2022", "jigsaw_templates2021")
# Comments and posts a site might get; tweets of other times and templates are left out.
_LIKE_COMMENTS = (
    "posts_read",
    "contrast_written",
    "sentences_written",
    "translated_cat_context2020",
    "translated_civil_toxicspans2021",
    "translated_foxnews2017",
    "civil_toxicspans2021",
    "foxnews2017",
    "cat_context2020",
    "misogyny_eacl2021",
    "spam_written",
    "ud_french_gsd",
    "ud_french_parisstories",
    "frwikidisc2014",
)

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold the judged rows with what was scored: the model alone, and both checks together."""

    rows: Sequence[Row]
    targets: Values
    scores: Values
    totals: Values

    def part(self, chosen: NDArray[np.bool_]) -> Judged:
        """Return the rows where ``chosen`` is true."""
        rows = [row for row, keep in zip(self.rows, chosen, strict=True) if keep]
        return Judged(rows, self.targets[chosen], self.scores[chosen], self.totals[chosen])

    def where(self, holds: Callable[[Row], bool]) -> Judged:
        """Return the rows for which ``holds``."""
        return self.part(np.array([holds(row) for row in self.rows], bool))

    def column(self, attribute: Attribute) -> tuple[Values, Values]:
        """Return the known targets of ``attribute`` and the model's scores there."""
        column = ATTRIBUTES.index(attribute)
        known = ~np.isnan(self.targets[:, column])
        return self.targets[known, column], self.scores[known, column]

    def weights(self, attribute: Attribute) -> Values:
        """Return how much each row of ``column`` counts where comments are as in life."""
        weights = weights_of(self.rows, self.targets.astype(np.float32), LIFE_SHARES)
        column = ATTRIBUTES.index(attribute)
        known = ~np.isnan(self.targets[:, column])
        return np.asarray(weights[known, column], float)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables, or write them into the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--card", type=Path)
    options = parser.parse_args(arguments)
    tables = "\n".join(report(_judged(options.data)))
    if options.card is None:
        print(tables)
    else:
        write_into_card(options.card, tables)


def write_into_card(card: Path, tables: str) -> None:
    """Replace what stands between the marks of ``card`` by ``tables``."""
    before, _, rest = card.read_text(encoding="utf-8").partition(OPENING)
    after = rest.partition(CLOSING)[2]
    card.write_text(f"{before}{OPENING}\n{tables}\n{CLOSING}{after}", encoding="utf-8")


# Scoring ---------------------------------------------------------------------------------------


def _judged(data: Path) -> Judged:
    rows = read_rows(data)
    fold = folds(rows, [Text.of(row.text) for row in rows])
    kept = [row for row, number in zip(rows, fold, strict=True) if number == JUDGED]
    sentences = [row for row in kept if row.source not in WORD_SOURCES]
    return judge([*sentences, *read_validation(data)], LinearModel.load())


def judge(rows: Sequence[Row], model: LinearModel) -> Judged:
    """Return what ``model`` alone, and with the word lists, makes of ``rows``."""
    checks = LinearToxicity(Cascade.alone(model)), Lexicon()
    batches = [_batch(rows[i : i + _BATCH]) for i in range(0, len(rows), _BATCH)]
    scores = np.concatenate([batch.once(model.batch_scores) for batch in batches])
    totals = [total for batch in batches for total in _totals(batch, checks)]
    return Judged(rows, np.asarray(targets_of(rows), float), scores.astype(float), np.array(totals))


def _batch(rows: Iterable[Row]) -> Batch:
    return Batch(
        [Case(Comment(id="", site="", page="", content=row.text, lang=row.lang)) for row in rows]
    )


def _totals(batch: Batch, checks: tuple[LinearToxicity, Lexicon]) -> Iterator[list[float]]:
    """Yield per case the total of each attribute over both checks."""
    for found in zip(*(check.review(batch) for check in checks), strict=True):
        totals = combine(signal for signals in found for signal in signals)
        yield [totals.get(attribute, 0.0) for attribute in ATTRIBUTES]


# Tables ------------------------------------------------------------------------------------------


def report(judged: Judged) -> Iterator[str]:
    """Yield the lines of all tables, in Markdown."""
    yield from _sources(judged, Attribute.TOXICITY)
    yield from _sources(judged, Attribute.SPAM)
    yield from _attributes(judged)
    yield from _thresholds(judged)


_HEAD = (
    "| {} | rows | positive | ROC AUC | average precision | recall at 1% FPR | calibration error |"
)
_RULE = "|---|--:|--:|--:|--:|--:|--:|"


def _sources(judged: Judged, attribute: Attribute) -> Iterator[str]:
    """Yield the table of one attribute by source and language."""
    yield from ("", f"#### {attribute.capitalize()}, by source and language", "")
    yield from (_HEAD.format("source, language"), _RULE)
    for source, lang in sorted({(row.source, row.lang) for row in judged.rows}):
        part = judged.where(lambda row, key=(source, lang): (row.source, row.lang) == key)  # type: ignore[misc]
        yield from _line(f"{source}, {lang}", *part.column(attribute))


def _attributes(judged: Judged) -> Iterator[str]:
    """Yield the table of every attribute over the rows labelled by reading."""
    yield from ("", "#### Every attribute, rows that resemble comments", "")
    yield from (_HEAD.format("attribute, language"), _RULE)
    for attribute in ATTRIBUTES:
        for lang in ("fr", "en"):
            part = judged.where(lambda row, lang=lang: _is_like_comment(row, lang))  # type: ignore[misc]
            yield from _line(
                f"{attribute}, {lang}", *part.column(attribute), part.weights(attribute)
            )


def _line(
    name: str, targets: Values, scores: Values, weights: Values | None = None
) -> Iterator[str]:
    """Yield one row of a table, unless there is too little to measure.

    Borderline rows (0.4 to 0.6) count in the calibration error only, each row there
    by its weight.
    """
    clear = (targets < 0.4) | (targets >= 0.6)
    labels, seen = targets[clear] > 0.5, scores[clear]
    if clear.sum() < _MIN_ROWS or labels.sum() < 5:
        return
    values = (
        roc_auc(labels, seen),
        average_precision(labels, seen),
        recall_at(labels, seen, 0.01),
        calibration_error(targets, scores, weights),
    )
    figures = " | ".join("–" if np.isnan(value) else f"{value:.3f}" for value in values)
    yield f"| {name} | {clear.sum()} | {labels.sum()} | {figures} |"


def _thresholds(judged: Judged) -> Iterator[str]:
    """Yield the thresholds that clean comments cross at the rates wanted, and who they find."""
    yield from ("", "#### Totals of both checks: thresholds on clean comments", "")
    yield (
        "| attribute, language | clean | 5% are above | 1% are above"
        " | guilty above the first | above the second | hard clean above the second |"
    )
    yield _RULE
    for attribute in (name for name in ATTRIBUTES if name in TONE):
        for lang in ("fr", "en"):
            part = judged.where(lambda row, lang=lang: _is_like_comment(row, lang))  # type: ignore[misc]
            yield from _threshold_line(part, attribute, lang)


def _threshold_line(judged: Judged, attribute: Attribute, lang: str) -> Iterator[str]:
    column = ATTRIBUTES.index(attribute)
    toxicity = judged.targets[:, ATTRIBUTES.index(Attribute.TOXICITY)]
    clean = judged.part(toxicity < 0.3)
    easy = clean.where(lambda row: row.source not in _HARD).totals[:, column]
    hard = clean.where(lambda row: row.source in _HARD).totals[:, column]
    guilty = judged.totals[judged.targets[:, column] >= 0.75, column]
    if min(len(easy), len(guilty)) < 10:
        return
    held, refused = np.quantile(easy, 1 - HELD), np.quantile(easy, 1 - REFUSED)
    shares = [
        share_above(guilty, held),
        share_above(guilty, refused),
        share_above(hard, refused),
    ]
    figures = " | ".join(f"{share:.1%}" for share in shares)
    yield f"| {attribute}, {lang} | {len(easy)} | {held:.2f} | {refused:.2f} | {figures} |"


def _is_like_comment(row: Row, lang: str) -> bool:
    return row.lang == lang and row.source in _LIKE_COMMENTS


if __name__ == "__main__":
    main()
