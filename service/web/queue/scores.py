"""The held comments by score: a chart of dots, and a range decided after a look at its edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from marshmallow import EXCLUDE, Schema, fields, validate

from service.api.intake import load
from service.api.language import language
from service.api.services import services
from service.moderation.signal import Attribute
from service.schemas.messages import Message, translate
from service.schemas.staff import MOST_AT_ONCE, NOT_SCORE
from service.store.records import Record
from service.web.queue import words
from service.web.queue.asked import NO_SUCH_CHOICE, Asked
from service.web.queue.cards import cards
from service.web.queue.listing import card_context
from service.web.staff.guard import MODERATING, site_asked, staff_blueprint
from service.web.staff.page import page

BINS = 50
WIDTH = 1 / BINS
MOST_DOTS = 20
"""Dots in the fullest column; each stands for as many comments as it takes."""
AT_EACH_EDGE = 4
COLUMN, ROW = 14, 8
"""The chart's grid, in its own units."""
blueprint = staff_blueprint("queue_scores", "/moderate/scores", MODERATING)


class RangeSchema(Schema):
    """Describe which scores are looked at."""

    class Meta:
        """Leave alone what else an address carries."""

        unknown = EXCLUDE

    site = fields.String(load_default="")
    attribute = fields.Enum(
        Attribute, by_value=True, load_default=None, error_messages={"unknown": NO_SUCH_CHOICE}
    )
    least = fields.Float(
        load_default=None,
        validate=validate.Range(0, 1, error=NOT_SCORE),
        error_messages={"invalid": NOT_SCORE, "special": NOT_SCORE},
    )
    most = fields.Float(
        load_default=None,
        validate=validate.Range(0, 1, error=NOT_SCORE),
        error_messages={"invalid": NOT_SCORE, "special": NOT_SCORE},
    )


@dataclass(frozen=True, slots=True)
class Column:
    """Hold one column of the chart: its scores, how many comments, and where its dots stand."""

    least: float
    most: float
    count: int
    x: int
    dots: tuple[int, ...]
    is_chosen: bool
    label: str


@blueprint.get("/", strict_slashes=False)
def show() -> Response:
    """Show the chart, and the edges of the range that is chosen."""
    wanted = load(RangeSchema(), {k: v for k, v in request.args.items() if v != ""})
    site, attribute = site_asked(wanted["site"]), wanted["attribute"]
    least, most = _range(wanted["least"], wanted["most"])
    counts = services().store.queue.dots(site, attribute)
    return page(
        "queue/scores.html",
        site=site,
        attribute=attribute,
        attributes=[(name, words.ATTRIBUTE_NAMES[name]) for name in Attribute],
        columns=_columns(counts, least, most),
        per_dot=_per_dot(counts),
        width=BINS * COLUMN,
        height=MOST_DOTS * ROW,
        total=sum(counts),
        least=least,
        most=most,
        **_chosen(site, attribute, least, most),
    )


def _range(least: float | None, most: float | None) -> tuple[float | None, float | None]:
    """Return the range in order; both are None where none is chosen."""
    if least is None and most is None:
        return None, None
    low, high = least or 0.0, 1.0 if most is None else most
    return min(low, high), max(low, high)


def _chosen(
    site: str,
    attribute: Attribute | None,
    least: float | None,
    most: float | None,
) -> dict[str, Any]:
    if least is None or most is None:
        return {"ids": [], "tokens": "", "low": [], "high": []}
    ids = services().store.queue.ids_between(site, attribute, least, most, MOST_AT_ONCE)
    records = services().store.comments.get_many(site, ids)
    asked = Asked(site, attribute=attribute, least=least, most=most)
    ranked = sorted(records, key=lambda record: _score(record, attribute))
    low = ranked[:AT_EACH_EDGE]
    high = ranked[len(low) :][-AT_EACH_EDGE:]
    return {
        "ids": ids,
        "is_cut": len(ids) == MOST_AT_ONCE,
        "tokens": " ".join(f"{each.comment.id}:{each.version}" for each in records),
        "low": cards(site, low),
        "high": cards(site, high),
        **card_context(asked),
    }


def _score(record: Record, attribute: Attribute | None) -> float:
    found = record.verdict.scores if record.verdict else {}
    return found.get(attribute, 0.0) if attribute else max(found.values(), default=0.0)


def _columns(counts: Sequence[int], least: float | None, most: float | None) -> list[Column]:
    per_dot = _per_dot(counts)
    found = []
    for place, count in enumerate(counts):
        low, high = round(place * WIDTH, 2), round((place + 1) * WIDTH, 2)
        is_chosen = least is not None and most is not None and low >= least and high <= most
        label = Message(
            "Score {low} to {high}: {count}", low=f"{low:.2f}", high=f"{high:.2f}", count=count
        )
        dots = tuple(MOST_DOTS * ROW - ROW // 2 - ROW * row for row in range(-(-count // per_dot)))
        x = place * COLUMN
        text = translate(label, language())
        found.append(Column(low, high, count, x, dots, is_chosen, text))
    return found


def _per_dot(counts: Sequence[int]) -> int:
    return max(1, -(-max(counts, default=0) // MOST_DOTS))
