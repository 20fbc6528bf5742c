"""Tables by language and source: one for each attribute, a line for each contender.

A source stands in the table of an attribute if it tells enough texts that have it from
enough that have not; the others are named below the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from service.moderation.models.weights import ATTRIBUTES
from service.moderation.signal import Attribute
from training.evaluation.judged import Judged, origin_of
from training.evaluation.tables import CALIBRATION, RANKINGS, counts, measured

LEAST = 10
"""So many rows of either kind are wanted; at ten the standard error of a ROC AUC is near 0.08."""

_MEASURES = (*RANKINGS, CALIBRATION)
_COLUMNS = (
    "language",
    "source",
    "positive",
    "negative",
    "contender",
    *(each.name for each in _MEASURES),
    "comments/s",
)

Groups = Mapping[tuple[str, str], Judged]


def tables_by_source(judged: Judged) -> Iterator[str]:
    """Yield a table of each attribute, sorted by language and source."""
    for attribute in ATTRIBUTES:
        groups = by_source(judged, attribute)
        enough = {
            key: part for key, part in groups.items() if min(counts(part, attribute)) >= LEAST
        }
        yield from ("", f"#### {_title(attribute)}, by language and source", "")
        if enough:
            yield from _table(enough, attribute)
            yield ""
        yield _left_out({key: counts(groups[key], attribute) for key in groups.keys() - enough})


def by_source(judged: Judged, attribute: Attribute) -> Groups:
    """Return the rows that know ``attribute``, by language and source."""
    known = judged.knowing(attribute)
    return {
        origin: known.where(lambda row, origin=origin: origin_of(row) == origin)  # type: ignore[misc]
        for origin in sorted({origin_of(row) for row in known.rows})
    }


def _title(attribute: Attribute) -> str:
    return attribute.value.replace("_", " ").capitalize()


def _table(groups: Groups, attribute: Attribute) -> Iterator[str]:
    yield f"| {' | '.join(_COLUMNS)} |"
    yield "|---|---|--:|--:|---|" + "--:|" * (len(_COLUMNS) - 5)
    for origin, part in groups.items():
        for name in _speaking(part, attribute):
            cells = (*origin, *counts(part, attribute), name, *_figures(part, attribute, name))
            yield f"| {' | '.join(map(str, cells))} |"


def _speaking(part: Judged, attribute: Attribute) -> list[str]:
    """Return the contenders that judge ``attribute`` at all."""
    column = ATTRIBUTES.index(attribute)
    return [name for name, scores in part.scores.items() if not np.isnan(scores[:, column]).all()]


def _figures(part: Judged, attribute: Attribute, name: str) -> Iterator[str]:
    for measure in _MEASURES:
        yield f"{measured(measure, part, attribute, name):.3f}"
    yield f"{len(part.rows) / max(part.seconds[name].sum(), 1e-9):,.0f}"


def _left_out(found: Mapping[tuple[str, str], tuple[int, int]]) -> str:
    """Return one line that names what has too few rows of a kind."""
    few = [
        f"{source}, {lang} ({positives} / {negatives})"
        for (lang, source), (positives, negatives) in sorted(found.items())
        if positives and negatives
    ]
    guilty = [source for (_, source), (some, none) in found.items() if some and not none]
    clean = [source for (_, source), (some, none) in found.items() if none and not some]
    return (
        f"Left out, fewer than {LEAST} of a kind (positive / negative): {_listed(few)}. "
        f"Nothing but positives: {_listed(sorted({*guilty}))}. "
        f"No positive: {_listed(sorted({*clean}))}."
    )


def _listed(names: Sequence[str]) -> str:
    return "; ".join(names) or "none"
