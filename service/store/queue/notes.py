"""Notes: what moderators tell each other about a comment. Its author never reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from service.store.comments import CommentUnknown
from service.store.keys import SiteKeys
from service.store.queue.live import LIVE_KEPT
from service.store.scripts import script
from service.store.server.connection import Client

MOST_NOTES = 50
LONGEST_NOTE = 2_000
"""Characters in a note, at most; whoever reads it in checks that."""


class NotesFull(Exception):
    """Say that a comment has as many notes as it may."""


@dataclass(frozen=True, slots=True)
class Note:
    """Hold one note: who wrote it, what, and when (ms since the epoch)."""

    actor: str
    text: str
    at_ms: int


class Notes:
    """Keep the notes on comments."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._note = script("queue/note")

    def add(self, site: str, comment_id: str, actor: str, text: str, now_ms: int) -> Note:
        """Add a note to a comment.

        Raises ``CommentUnknown`` or ``NotesFull``.
        """
        keys = SiteKeys(site)
        note = Note(actor, text, now_ms)
        answer = self._note(
            self._client,
            [keys.notes(comment_id), keys.comment(comment_id), keys.audit, keys.live],
            [comment_id, _note_json(note), actor, MOST_NOTES, LIVE_KEPT],
        )
        if answer == b"unknown":
            raise CommentUnknown(comment_id)
        if answer == b"full":
            raise NotesFull(comment_id)
        return note

    def of(self, site: str, comment_id: str) -> tuple[Note, ...]:
        """Return a comment's notes, oldest first."""
        return self.of_many(site, [comment_id])[comment_id]

    def of_many(self, site: str, comment_ids: Sequence[str]) -> dict[str, tuple[Note, ...]]:
        """Return the notes of each of some comments, oldest first, in one round trip."""
        keys = SiteKeys(site)
        pipe = self._client.pipeline(transaction=False)
        for comment_id in comment_ids:
            pipe.lrange(keys.notes(comment_id), 0, -1)
        found: Any = pipe.execute()
        rows = zip(comment_ids, found, strict=True)
        return {comment_id: tuple(map(note_from, notes)) for comment_id, notes in rows}


def note_from(raw: bytes) -> Note:
    """Return the note stored as ``raw``."""
    data = orjson.loads(raw)
    return Note(data["actor"], data["text"], data["at"])


def _note_json(note: Note) -> bytes:
    return orjson.dumps({"actor": note.actor, "text": note.text, "at": note.at_ms})
