"""Notes between moderators: kept in order, bounded, told of."""

from __future__ import annotations

import pytest

from service.store.comments import CommentUnknown
from service.store.queue.notes import MOST_NOTES, Note, NotesFull
from service.store.store import Store
from tests.store.shelf import DEMO, publish, raw

MO, ZOE = "account:mo", "account:zoe"


def test_notes_are_read_in_the_order_written(store: Store) -> None:
    publish(store, "c1")
    store.notes.add("demo", "c1", MO, "Is this satire?", 5)
    store.notes.add("demo", "c1", ZOE, "Oui, sûrement.", 6)
    assert store.notes.of("demo", "c1") == (
        Note(MO, "Is this satire?", 5),
        Note(ZOE, "Oui, sûrement.", 6),
    )


def test_a_comment_takes_fifty(store: Store) -> None:
    publish(store, "c1")
    for number in range(MOST_NOTES):
        store.notes.add("demo", "c1", MO, f"note {number}", number)
    with pytest.raises(NotesFull):
        store.notes.add("demo", "c1", MO, "one more", 99)
    assert len(store.notes.of("demo", "c1")) == MOST_NOTES


def test_a_note_sent_again_by_a_client_is_kept_once(store: Store) -> None:
    publish(store, "c1")
    for _ in range(2):
        store.notes.add("demo", "c1", MO, "Once.", 5)
    assert len(store.notes.of("demo", "c1")) == 1


def test_a_note_is_audited_without_its_words_and_open_pages_are_told(store: Store) -> None:
    publish(store, "c1")
    place = store.live.since("demo", "", 9).last
    store.notes.add("demo", "c1", MO, "He lives next door.", 5)
    (entry,) = raw(store).xrange(DEMO.audit)
    assert entry[1] == {b"kind": b"note", b"comment": b"c1", b"actor": MO.encode()}
    (event,) = store.live.since("demo", place, 9).events
    assert (event.comment_id, event.what, event.by) == ("c1", "noted", MO)


def test_an_unknown_comment_takes_none(store: Store) -> None:
    with pytest.raises(CommentUnknown):
        store.notes.add("demo", "c1", MO, "Hello?", 5)
    assert store.notes.of("demo", "c1") == ()
