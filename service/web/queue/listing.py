"""The queue itself: one site's comments, filtered and sorted, twenty cards at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from service.api.language import language
from service.api.named import named
from service.api.services import now_ms, services
from service.moderation.signal import Attribute
from service.schemas.messages import Message, language_name, translate
from service.schemas.staff import STATUS_OF, Move
from service.schemas.submission import is_comment_id
from service.store.facets import LANGUAGES, OTHER
from service.store.queue.filters import Sort
from service.store.queue.queue import QueueCounts
from service.store.queue.search import Found
from service.web.queue import reading, words
from service.web.queue.asked import AGES, STATUSES, Asked, asked_for
from service.web.queue.cards import cards, told_decision
from service.web.queue.keys import keys_of
from service.web.staff.guard import MODERATING, member, staff_blueprint
from service.web.staff.page import page

CARDS_AT_ONCE = 20
SITES_COUNTED = 50
"""The switcher counts for so many sites; more are named without."""
TOLD_AT_ONCE = 20
_ANY_ID = "0"
blueprint = staff_blueprint("queue", "/moderate", MODERATING)


@dataclass(frozen=True, slots=True)
class Told:
    """Hold what the page says of decisions just taken, and which of them can be undone."""

    text: str
    undo: str = ""
    is_wrong: bool = False


@blueprint.get("/", strict_slashes=False)
def show() -> Response:
    """Show the queue."""
    asked = asked_for(request.args)
    site = asked.site
    last = services().store.live.since(site, "", 1).last
    found, counts = _found(asked), services().store.queue.counts(site)
    return page(
        "queue/queue.html",
        cards=cards(site, found.records),
        found=found,
        last=last,
        told=_told(site, request.args),
        sites=_sites(),
        by_status=reading.by_status(site),
        counts=counts,
        views=services().store.views.views(member().account.name),
        choices=_choices(counts),
        reasons=reading.reasons(site),
        **card_context(asked),
    )


@blueprint.get("/cards")
def more() -> Response:
    """Get the next cards, for the page to have them in stock."""
    asked = asked_for(request.args)
    found = _found(asked)
    return page(
        "queue/cards.html",
        headers={"X-Next": found.cursor},
        cards=cards(asked.site, found.records),
        **card_context(asked),
    )


@blueprint.get("/cards/<comment_id>")
def one(comment_id: str) -> Response:
    """Get one card as it stands now."""
    asked = asked_for(request.args)
    record = named(asked.site, comment_id)
    return page("queue/cards.html", cards=cards(asked.site, [record]), **card_context(asked))


def card_context(asked: Asked) -> dict[str, Any]:
    """Return what every card's template needs beside the card."""
    tongue, now = language(), now_ms()
    return {
        "asked": asked,
        "comments_at": url_for("queue_card.show", comment_id=_ANY_ID).removesuffix(_ANY_ID),
        "deciding": url_for("queue_decisions.decide"),
        "listing": url_for("queue.show"),
        "back": asked.query(),
        "keys": keys_of(member().account.preferences.keys),
        "attribute_names": words.ATTRIBUTE_NAMES,
        "status_words": words.STATUS_WORDS,
        "preset_names": words.PRESET_NAMES,
        "outcome_names": words.OUTCOME_NAMES,
        "person": words.person,
        "when": lambda moment_ms: words.when(moment_ms, now, tongue),
        "moment": lambda moment_ms: words.moment(moment_ms, tongue),
    }


def _found(asked: Asked) -> Found:
    filters = asked.filters(now_ms())
    cursor = request.args.get("cursor", "")
    find = services().store.queue.find
    return find(asked.site, filters, asked.order, CARDS_AT_ONCE, cursor)


def _sites() -> list[tuple[str, int | None]]:
    """Return the account's sites, each with the number of comments held."""
    names = member().sites
    held = reading.held(names[:SITES_COUNTED])
    return [(name, held.get(name)) for name in names]


def _choices(counts: QueueCounts) -> Mapping[str, Any]:
    """Return what the filter form offers, by field: values and what they are called."""
    tongue = language()
    names = {code: language_name(code, tongue) for code in LANGUAGES}
    names[OTHER] = translate(Message("Another"), tongue)
    languages = [(code, f"{name} ({counts.by_lang[code]})") for code, name in names.items()]
    return {
        "status": [(status, words.STATUS_NAMES[status]) for status in STATUSES],
        "sort": [(sort, words.SORT_NAMES[sort]) for sort in Sort],
        "language": languages,
        "attribute": [(name, words.ATTRIBUTE_NAMES[name]) for name in Attribute],
        "age": [(name, words.AGE_NAMES[name]) for name in AGES],
    }


def _told(site: str, arguments: Mapping[str, str]) -> list[Told]:
    """Return what the address says has just been done, as a plain form's answer carries it."""
    told = []
    done = _ids(arguments.get("done", ""))
    if done or arguments.get("count", "").isdigit():
        told.append(_done(arguments, done))
    records = services().store.comments.get_many(site, _ids(arguments.get("late", "")))
    told += [Told(_late(record), is_wrong=True) for record in records]
    return told


def _done(arguments: Mapping[str, str], ids: list[str]) -> Told:
    move = arguments.get("did", "")
    count = int(arguments.get("count", "0")[:6] or 0) or len(ids)
    name = words.STATUS_NAMES[STATUS_OF[Move(move)]] if move in set(Move) else Message("Undone")
    sentence = Message("{what}: {count}.", what=name, count=count)
    return Told(translate(sentence, language()), "" if move == "undo" else " ".join(ids))


def _late(record: Any) -> str:
    if record.decision is None:
        return translate(words.CHANGED, language())
    return told_decision(record.decision)


def _ids(given: str) -> list[str]:
    ids = [name for name in given.split(".")[:TOLD_AT_ONCE] if name]
    return [name for name in ids if is_comment_id(name.partition(":")[0])]
