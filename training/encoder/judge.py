"""Judge the encoder beside the linear model: ``python -m training.encoder.judge --data FOLDER``.

Judged are the fold that neither trained nor calibrated, the French validation posts, and
the written templates that were held back. Figures are of the exported file, int8.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from service.moderation.models.encoder import SHIPPED
from service.moderation.models.linear import LinearModel
from service.moderation.models.weights import ANY_LANGUAGE, ATTRIBUTES, Floats
from service.moderation.signal import Attribute
from service.moderation.text import Text
from training.encoder.about import calibrated, log_odds
from training.encoder.exported import logits_of
from training.encoder.templates import SOURCE, held_back, is_neutral_mention
from training.encoder.train import parted
from training.measure import recall_at, roc_auc, share_above
from training.rows import Row, read_rows, read_validation

HELD_SEED = 3

_MIN_ROWS = 25
_MIN_POSITIVES = 5
# What readers wrote under articles and on talk pages, judged together.
_ENGLISH = ("civil_toxicspans2021", "foxnews2017", "cat_context2020", "jigsaw_subset2018")
_SOCIAL = ("posts_read",)


@dataclass(frozen=True, slots=True)
class Models:
    """Hold what each model makes of the same rows, and both, calibrated, (rows, attributes)."""

    rows: Sequence[Row]
    linear: Floats
    encoder: Floats
    both: Floats

    def scores(self) -> Iterator[tuple[str, Floats]]:
        """Yield the name and the scores of each way to judge."""
        yield from (("linear", self.linear), ("encoder", self.encoder), ("both", self.both))

    def where(self, holds: Callable[[Row], bool]) -> Models:
        """Return the rows for which ``holds``."""
        chosen = np.array([holds(row) for row in self.rows], bool)
        rows = [row for row, is_in in zip(self.rows, chosen, strict=True) if is_in]
        return Models(rows, self.linear[chosen], self.encoder[chosen], self.both[chosen])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    options = parser.parse_args(arguments)
    parts = parted(read_rows(options.data))
    rows = [*parts.judged, *read_validation(options.data), *held_back(HELD_SEED)]
    print("\n".join(report(compared(rows, options.model))))


def compared(rows: Sequence[Row], folder: Path) -> Models:
    """Return what the shipped linear model and the encoder in ``folder`` make of ``rows``."""
    texts = [row.text for row in rows]
    langs = [row.lang for row in rows]
    linear = LinearModel.load().scores([Text.of(text) for text in texts], langs)
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    logits = logits_of(folder / "model.onnx", tokenizer, texts, about["max_tokens"])
    encoder = calibrated(logits, langs, about["calibration"])
    return Models(rows, linear, encoder, _blended(encoder, linear, langs, about))


def _blended(
    encoder: Floats, linear: Floats, langs: Sequence[str], about: Mapping[str, Any]
) -> Floats:
    """Return the scores where both models speak, as the service blends them."""
    table = about["blend"]
    weights = np.array([table.get(lang, table[ANY_LANGUAGE]) for lang in langs])
    odds = weights[:, :1] * log_odds(encoder) + weights[:, 1:] * log_odds(linear)
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def report(models: Models) -> Iterator[str]:
    """Yield the lines of all tables, in Markdown."""
    yield from _by_source(models, Attribute.TOXICITY)
    yield from _by_source(models, Attribute.SPAM)
    yield from _groups(models)
    yield from _attributes(models)
    yield from _templates(models.where(lambda row: row.source == SOURCE))
    yield from _contrasts(models.where(lambda row: row.source == "contrast_written"))


_HEAD = (
    "| {} | rows | positive | ROC AUC: linear | encoder | both"
    " | recall at 1% FPR: linear | encoder | both |"
)
_RULE = "|---|--:|--:|--:|--:|--:|--:|--:|--:|"


def _by_source(models: Models, attribute: Attribute) -> Iterator[str]:
    yield from ("", f"#### {attribute.capitalize()}, by source and language", "")
    yield from (_HEAD.format("source, language"), _RULE)
    for key in sorted({(row.source, row.lang) for row in models.rows}):
        part = models.where(lambda row, key=key: (row.source, row.lang) == key)  # type: ignore[misc]
        yield from _line(", ".join(key), part, attribute)


def _groups(models: Models) -> Iterator[str]:
    yield from ("", "#### Toxicity, sources together", "", _HEAD.format("which"), _RULE)
    groups: Mapping[str, Callable[[Row], bool]] = {
        "English comments": lambda row: row.lang == "en" and row.source in _ENGLISH,
        "French social posts": lambda row: row.lang == "fr" and row.source in _SOCIAL,
        "French translated comments": lambda row: row.source.startswith("translated"),
        "French forum posts": lambda row: row.source == "toxifrench_human2025",
        "templates held back, fr": lambda row: row.source == SOURCE and row.lang == "fr",
        "templates held back, en": lambda row: row.source == SOURCE and row.lang == "en",
    }
    for name, holds in groups.items():
        yield from _line(name, models.where(holds), Attribute.TOXICITY)


def _attributes(models: Models) -> Iterator[str]:
    yield from ("", "#### Every attribute, rows labelled by reading, and English comments", "")
    yield from (_HEAD.format("attribute, language"), _RULE)
    for attribute in ATTRIBUTES:
        for lang in ("fr", "en"):
            part = models.where(lambda row, lang=lang: row.lang == lang and _is_read(row))  # type: ignore[misc]
            yield from _line(f"{attribute}, {lang}", part, attribute)


def _is_read(row: Row) -> bool:
    return row.source.startswith(
        ("posts_read", "translated", "contrast", "spam_written", *_ENGLISH)
    )


def _line(name: str, models: Models, attribute: Attribute) -> Iterator[str]:
    known = _targets(models.rows, attribute)
    clear = (known < 0.4) | (known >= 0.6)
    labels = known[clear] > 0.5
    if clear.sum() < _MIN_ROWS or min(labels.sum(), (~labels).sum()) < _MIN_POSITIVES:
        return
    column = ATTRIBUTES.index(attribute)
    seen = [scores[clear, column].astype(float) for _, scores in models.scores()]
    figures = [roc_auc(labels, each) for each in seen]
    figures += [recall_at(labels, each, 0.01) for each in seen]
    cells = " | ".join(f"{figure:.3f}" for figure in figures)
    yield f"| {name} | {clear.sum()} | {labels.sum()} | {cells} |"


def _targets(rows: Sequence[Row], attribute: Attribute) -> NDArray[np.float64]:
    return np.array([row.targets.get(attribute, np.nan) for row in rows], float)


def _templates(models: Models) -> Iterator[str]:
    yield from ("", "#### Held-back templates and contrast groups at given thresholds", "")
    yield "| which, threshold | model | guilty found | clean flagged | balanced accuracy |"
    yield "|---|---|--:|--:|--:|"
    yield from _accuracies("templates", models)
    neutral = models.where(is_neutral_mention)
    for lang in ("fr", "en"):
        part = neutral.where(lambda row, lang=lang: row.lang == lang)  # type: ignore[misc]
        column = ATTRIBUTES.index(Attribute.TOXICITY)
        for name, scores in part.scores():
            share = share_above(scores[:, column].astype(float), 0.5)
            yield f"| neutral identity, {lang}, 0.5 | {name} | – | {share:.1%} | – |"


def _contrasts(models: Models) -> Iterator[str]:
    yield from _accuracies("contrast_written", models)


def _accuracies(title: str, models: Models) -> Iterator[str]:
    for lang in ("fr", "en"):
        part = models.where(lambda row, lang=lang: row.lang == lang)  # type: ignore[misc]
        if not part.rows:
            continue
        for threshold in (0.35, 0.5, 0.65, 0.8):
            for name, scores in part.scores():
                found, wrong = _rates(part.rows, scores, threshold)
                yield (
                    f"| {title}, {lang}, {threshold} | {name} | {found:.1%} | {wrong:.1%}"
                    f" | {(found + 1 - wrong) / 2:.3f} |"
                )


def _rates(rows: Sequence[Row], scores: Floats, threshold: float) -> tuple[float, float]:
    """Return the shares of toxic and of clean rows at or above ``threshold``."""
    known = _targets(rows, Attribute.TOXICITY)
    seen = scores[:, ATTRIBUTES.index(Attribute.TOXICITY)].astype(float)
    return share_above(seen[known > 0.7], threshold), share_above(seen[known < 0.3], threshold)


if __name__ == "__main__":
    main()
