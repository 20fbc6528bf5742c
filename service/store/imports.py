"""Comments that come from elsewhere: written many at once, each where it stood there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from service.moderation.comment import Comment, Facts
from service.moderation.verdict import Status, Verdict
from service.store.comments import MAX_DEPTH, Comments, comment_keys, transition_keys
from service.store.facets import facets_of
from service.store.keys import SiteKeys, page_key
from service.store.records import (
    Decision,
    content_json,
    decision_json,
    facts_json,
    verdict_json,
)
from service.store.scripts import Argument, script
from service.store.sealing import Personal, Vault
from service.store.server.connection import Client


@dataclass(frozen=True, slots=True)
class Imported:
    """Hold one comment from elsewhere, with what became of it there. Times are in ms.

    ``original`` holds the author's words where ``edited_by`` has changed them.
    """

    comment: Comment
    personal: Personal
    facts: Facts
    status: Status
    received_at_ms: int
    settled_at_ms: int = 0
    verdict: Verdict | None = None
    decision: Decision | None = None
    original: str = ""
    edited_by: str = ""
    is_withdrawn: bool = False
    is_erased: bool = False


class Outcome(StrEnum):
    """Name what became of a comment: ``LATER`` where its parent has not come yet.

    ``UPROOTED``: written, below nothing, for its parent is not there or on another page.
    """

    WRITTEN = "written"
    UPROOTED = "uprooted"
    KNOWN = "known"
    LATER = "later"


class Place(NamedTuple):
    """Say where a comment stands in its thread."""

    page: str
    parent: str
    root: str
    depth: int


class Placed(NamedTuple):
    """Hold a comment with its place, and the place of the comment it answers."""

    item: Imported
    place: Place
    above: Place | None


class Imports:
    """Write comments from elsewhere."""

    def __init__(self, client: Client, vault: Vault, comments: Comments) -> None:
        self._client = client
        self._vault = vault
        self._comments = comments
        self._import = script("transition", "import")

    def write(
        self, site: str, items: Sequence[Imported], *, is_last_chance: bool = False
    ) -> list[Outcome]:
        """Write some comments, in their order; return what became of each.

        A comment whose parent is neither here nor before it among ``items`` is written
        below nothing where this is its last chance. One that answers a comment as deep as
        threads go is put beside it.
        """
        outcomes: list[Outcome] = [Outcome.LATER] * len(items)
        placed: list[tuple[int, Placed]] = []
        known = self._places(site, items)
        for index, item in enumerate(items):
            place = _placed(item.comment, known)
            if place is None and not is_last_chance:
                continue
            is_uprooted = place is None or (item.comment.parent != "" and place.parent == "")
            place = place or Place(page_key(item.comment.page), "", "", 0)
            known.setdefault(item.comment.id, place)
            placed.append((index, Placed(item, place, known.get(place.parent))))
            outcomes[index] = Outcome.UPROOTED if is_uprooted else Outcome.WRITTEN
        if placed:
            told = self._written(site, [each for _, each in placed])
            for (index, _), is_new in zip(placed, told, strict=True):
                if not is_new:
                    outcomes[index] = Outcome.KNOWN
        return outcomes

    def _places(self, site: str, items: Sequence[Imported]) -> dict[str, Place]:
        """Return where those comments stand that are answered and not among the items."""
        own = {item.comment.id for item in items}
        wanted = sorted({item.comment.parent for item in items} - own - {""})
        if not wanted:
            return {}
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for name in wanted:
            pipe.hmget(keys.comment(name), "page_key", "parent", "root", "depth")
        return {
            name: Place(page.decode(), parent.decode(), root.decode(), int(depth))
            for name, (page, parent, root, depth) in zip(wanted, pipe.execute(), strict=True)
            if page is not None
        }

    def _written(self, site: str, placed: Sequence[Placed]) -> list[bool]:
        keys, names = SiteKeys(site), transition_keys(site, [])
        arguments: list[Argument] = [len(placed)]
        for item, place, _ in placed:
            author = item.facts.author_key
            names += comment_keys(
                keys, item.comment.id, place.parent, place.page, place.root, author
            )
            arguments += self._arguments(item, place)
        names += [name for each in placed for name in _far_above(keys, each)]
        return [bool(told) for told in self._comments.durably(self._import, names, arguments)]

    def _arguments(self, item: Imported, place: Place) -> list[Argument]:
        comment = item.comment
        arrived = round(comment.submitted_at * 1000)
        values = self._fields(item, place, arrived)
        is_unscreened = (
            item.status is Status.HELD
            and item.decision is None
            and item.verdict is not None
            and bool(item.verdict.unscreened)
        )
        return [
            comment.id,
            comment.page,
            comment.page_title,
            item.status.value,
            arrived,
            facets_of(comment, item.verdict, item.facts.author_key),
            int(is_unscreened),
            2 * len(values),
            *(part for pair in values.items() for part in pair),
        ]

    def _fields(self, item: Imported, place: Place, arrived: int) -> Mapping[str, Argument]:
        comment, personal = item.comment, item.personal
        lookup = self._vault.lookup
        fields: dict[str, Argument] = {
            "content": content_json(comment),
            "page_key": place.page,
            "parent": place.parent,
            "root": place.root,
            "depth": place.depth,
            "submitted_at": arrived,
            "received_at": item.received_at_ms,
        }
        if not item.is_withdrawn:
            fields |= {
                "facts": facts_json(item.facts, ()),
                "personal": self._vault.seal(personal, comment.id),
                "email_hash": lookup("email", personal.email.lower()),
                "ip_hash": lookup("ip", personal.ip),
                "author": item.facts.author_key,
                "pressures": "",
            }
        return fields | _of_its_past(item)


def _of_its_past(item: Imported) -> dict[str, Argument]:
    """Return the fields of what happened to a comment before it came here."""
    found: dict[str, Argument] = {}
    if item.settled_at_ms:
        found["settled_at"] = item.settled_at_ms
    if item.verdict is not None:
        found["verdict"] = verdict_json(item.verdict)
    if item.decision is not None:
        found["decision"] = decision_json(item.decision)
    if item.edited_by:
        found["edited_by"] = item.edited_by
        found["original"] = content_json(replace(item.comment, content=item.original))
    if item.is_withdrawn:
        found["withdrawn"] = "1"
    if item.is_erased:
        found["erased"] = "1"
    return found


def _far_above(keys: SiteKeys, placed: Placed) -> tuple[str, str]:
    """Return the key of what is answered by the comment answered, and where that is listed."""
    own, above = keys.comment(placed.item.comment.id), placed.above
    if above is None or not above.parent:
        return own, own
    is_root = above.parent == above.root
    listing = keys.roots(above.page) if is_root else keys.thread(above.root)
    return keys.comment(above.parent), listing


def _placed(comment: Comment, known: Mapping[str, Place]) -> Place | None:
    """Return where a comment goes, or None while its parent is not there."""
    page = page_key(comment.page)
    if not comment.parent:
        return Place(page, "", "", 0)
    above = known.get(comment.parent)
    if above is None:
        return None
    if above.page != page:
        return Place(page, "", "", 0)
    if above.depth >= MAX_DEPTH:
        return Place(page, above.parent, above.root, above.depth)
    return Place(page, comment.parent, above.root or comment.parent, above.depth + 1)
