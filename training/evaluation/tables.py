"""Tables of ranking and calibration: one for each measure, a column for each contender."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute
from training.evaluation.contenders import Values
from training.evaluation.judged import Judged
from training.measure import average_precision, calibration_error, recall_at, roc_auc
from training.rows import Row

MIN_ROWS, MIN_POSITIVES = 25, 5
# Comments and posts as a site might get them; tweets of other times and templates are not.
LIKE_COMMENTS = (
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


@dataclass(frozen=True, slots=True)
class Measure:
    """Name a measure of scores against targets, 0..1, rows weighted as in life or not."""

    name: str
    of: Callable[[Values, Values, Values | None], float]


def _labels(targets: Values) -> NDArray[np.bool_]:
    return targets > 0.5


RANKINGS = (
    Measure("ROC AUC", lambda targets, scores, _: roc_auc(_labels(targets), scores)),
    Measure(
        "average precision", lambda targets, scores, _: average_precision(_labels(targets), scores)
    ),
    Measure(
        "recall at 1% false positives",
        lambda targets, scores, _: recall_at(_labels(targets), scores, 0.01),
    ),
)
CALIBRATION = Measure("calibration error", calibration_error)

Groups = Mapping[str, Judged]


def by_attribute(judged: Judged, attribute: Attribute) -> Groups:
    """Return the rows that resemble comments and know ``attribute``, by language."""
    known = judged.knowing(attribute)

    def is_like(row: Row, lang: str) -> bool:
        return row.lang == lang and row.source in LIKE_COMMENTS

    return {
        f"{attribute}, {lang}": known.where(lambda row, lang=lang: is_like(row, lang))  # type: ignore[misc]
        for lang in ("fr", "en")
    }


def tables(
    title: str, groups: Groups, attributes: Sequence[Attribute], names: Sequence[str]
) -> Iterator[str]:
    """Yield a table for each measure; ``attributes`` are those of the groups, in order."""
    for measure in (*RANKINGS, CALIBRATION):
        yield from ("", f"#### {title}: {measure.name}", "")
        yield f"| which | rows | positive | {' | '.join(names)} |"
        yield "|---|--:|--:|" + "--:|" * len(names)
        for (name, part), attribute in zip(groups.items(), attributes, strict=True):
            yield from _line(name, part, attribute, measure, names)


def _clear(targets: Values) -> NDArray[np.bool_]:
    """Tell which ``targets`` are not borderline: below 0.4, or from 0.6."""
    return (targets < 0.4) | (targets >= 0.6)


def counts(part: Judged, attribute: Attribute) -> tuple[int, int]:
    """Return how many rows have ``attribute``, and how many have not; borderline is neither."""
    targets = part.targets[:, ATTRIBUTES.index(attribute)]
    targets = targets[_clear(targets)]
    positives = int((targets > 0.5).sum())
    return positives, len(targets) - positives


def measured(measure: Measure, part: Judged, attribute: Attribute, contender: str) -> float:
    """Return ``measure`` of what ``contender`` made of ``part``.

    Borderline rows count in the calibration error only, where rows are weighted as in life.
    """
    column = ATTRIBUTES.index(attribute)
    targets, scores = part.targets[:, column], part.scores[contender][:, column]
    if measure is CALIBRATION:
        return measure.of(targets, scores, part.weights(attribute))
    counted = _clear(targets)
    return measure.of(targets[counted], scores[counted], None)


def _line(
    name: str, part: Judged, attribute: Attribute, measure: Measure, names: Sequence[str]
) -> Iterator[str]:
    """Yield one row of a table, unless there is too little to measure."""
    positives, negatives = counts(part, attribute)
    if positives + negatives < MIN_ROWS or positives < MIN_POSITIVES:
        return
    figures = [measured(measure, part, attribute, each) for each in names]
    cells = " | ".join("–" if np.isnan(figure) else f"{figure:.3f}" for figure in figures)
    yield f"| {name} | {positives + negatives} | {positives} | {cells} |"
