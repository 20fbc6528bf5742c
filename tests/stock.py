"""Comments put on a site's shelves through the store, as if they had come and been judged."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ulid import ULID

from service.moderation.batch import Batch
from service.moderation.comment import Comment, Facts
from service.moderation.signal import Attribute, Evidence, Signal, Span
from service.moderation.verdict import Action, Verdict
from service.store.comments import Arrival
from service.store.inbox import Settlement
from service.store.sealing import Personal
from service.store.sites import Limit
from service.store.store import Store
from service.store.window import window_lines

WIDE = {"ip": Limit(1_000_000, 60)}
PAGE = "http://site.test/a"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Stocked:
    """Say what one comment is to be; ``scores`` go with a word of the text as evidence."""

    content: str = "Vous êtes vraiment un idiot, monsieur."
    author: str = "Claire"
    scores: Mapping[Attribute, float] = field(default_factory=lambda: {Attribute.INSULT: 0.62})
    marked: Sequence[Span] = ()
    action: Action = Action.HOLD
    unscreened: tuple[str, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    email: str = "claire@example.org"
    author_key: str = "claire"


def stock(store: Store, wanted: Sequence[Stocked], site: str = "demo") -> list[str]:
    """Put comments on a site, judged as they say; return their ids, in order."""
    ids, by_id = [], {}
    for each in wanted:
        comment_id = accept(store, each, site)
        ids.append(comment_id)
        by_id[comment_id] = each
    entries = store.inbox.take(site, "stock", len(ids) + 100)
    loaded = store.inbox.load(site, entries, Facts())
    pending = [each for each in loaded if each.case.comment.id in by_id]
    lines = window_lines(Batch([each.case for each in pending]))
    settlements = [
        Settlement(each, _verdict(by_id[each.case.comment.id]), line)
        for each, line in zip(pending, lines, strict=True)
    ]
    store.inbox.settle(site, settlements)
    return ids


def accept(store: Store, wanted: Stocked, site: str = "demo") -> str:
    """Put a comment into a site's inbox; return its id."""
    comment_id = str(ULID())
    store.comments.accept(_arrival(site, comment_id, wanted))
    return comment_id


def numbered(count: int, **more: Any) -> list[Stocked]:
    """Return held comments that differ in their number, by authors of their own."""
    found = []
    for _ in range(count):
        number = next(_numbers)
        found.append(
            Stocked(
                content=f"Commentaire numéro {number}, quel idiot celui-là.",
                author=f"Lecteur {number}",
                author_key=f"author-{number}",
                email=f"lecteur{number}@example.org",
                **more,
            )
        )
    return found


def _arrival(site: str, comment_id: str, wanted: Stocked) -> Arrival:
    values: dict[str, Any] = {"page": PAGE, "page_title": "Un article", "lang": "fr", **wanted.more}
    comment = Comment(
        id=comment_id, site=site, content=wanted.content, author=wanted.author, **values
    )
    return Arrival(
        comment=comment,
        personal=Personal(wanted.email, "192.0.2.7"),
        facts=Facts(author_key=wanted.author_key),
        limits=WIDE,
    )


def _verdict(wanted: Stocked) -> Verdict:
    strongest = max(wanted.scores, key=lambda name: wanted.scores[name], default=None)
    spans = tuple(wanted.marked)
    evidence = (Evidence("toxicity.word", {"word": "idiot"}, spans),) if spans else ()
    return Verdict(
        action=wanted.action,
        rule=f"{strongest}.{wanted.action}" if strongest else "premoderation.all",
        scores=wanted.scores,
        signals=tuple(
            Signal("toxicity.linear", name, score, 1.0, evidence if name is strongest else ())
            for name, score in wanted.scores.items()
        ),
        unscreened=wanted.unscreened,
        attribute=strongest,
        threshold=0.57 if strongest else None,
        lang="fr",
    )
