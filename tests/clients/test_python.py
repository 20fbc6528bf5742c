"""The official Python client against the running service."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ecluse_client import (
    Conflict,
    Ecluse,
    Invalid,
    NotAllowed,
    NotFound,
    NoVerdict,
    Nudged,
    TooMany,
    Unreachable,
)
from service.moderation.verdict import Action
from service.store.sites import Limit, Scope
from tests.api.house import INSULT, PAGE
from tests.clients.conftest import Served
from tests.conftest import free_port
from tests.stock import numbered, stock

CLAIRE: dict[str, Any] = {
    "author": "Claire",
    "email": "claire@example.org",
    "page": PAGE,
    "ip": "192.0.2.7",
}
WORDS = "Merci pour cet article très clair."


@pytest.fixture
def ecluse(served: Served) -> Iterator[Ecluse]:
    with Ecluse(served.url, "demo", served.house.key(), language="fr") as client:
        yield client


def published(served: Served, ecluse: Ecluse, content: str = WORDS, **more: str) -> str:
    receipt = ecluse.submit(**{**CLAIRE, "content": content, **more})
    served.house.drain()
    assert ecluse.comment(receipt.id).status == "approved"
    return receipt.id


def test_a_comment_goes_in_and_its_verdict_comes_out(served: Served, ecluse: Ecluse) -> None:
    receipt = ecluse.submit(**CLAIRE, content=WORDS)
    assert receipt.status == "received"
    assert receipt.author_link.startswith(f"/c/demo/{receipt.id}")
    served.house.drain()
    found = ecluse.wait(receipt.id)
    assert (found.status, found.author, found.content) == ("approved", "Claire", WORDS)
    assert found.message == "Merci. Votre commentaire est publié."


def test_wait_gives_up_when_its_time_is_over(ecluse: Ecluse) -> None:
    receipt = ecluse.submit(**CLAIRE, content=WORDS)
    with pytest.raises(NoVerdict):
        ecluse.wait(receipt.id, timeout_s=0)


def test_the_edit_token_alone_opens_edits_and_withdraws(served: Served, ecluse: Ecluse) -> None:
    receipt = ecluse.submit(**CLAIRE, content=WORDS)
    served.house.drain()
    with Ecluse(served.url, "demo") as author:
        with pytest.raises(NotAllowed):
            author.comment(receipt.id)
        token = receipt.edit_token
        edited = author.edit(receipt.id, edit_token=token, content="Un autre texte.")
        assert edited.content == "Un autre texte."
        assert author.withdraw(receipt.id, edit_token=token).content == ""
        with pytest.raises(Conflict):
            author.edit(receipt.id, edit_token=token, content="Trop tard.")


def test_every_wrong_field_has_its_message_in_the_clients_language(ecluse: Ecluse) -> None:
    with pytest.raises(Invalid) as caught:
        ecluse.submit(content=WORDS, page=PAGE, email="sans arobase")
    assert caught.value.errors["author"] == "Ce champ est obligatoire."
    assert "email" in caught.value.errors
    assert caught.value.kind == "validation"
    assert caught.value.request_id
    assert "author" in str(caught.value)


def test_a_slip_in_an_address_is_suggested(ecluse: Ecluse) -> None:
    receipt = ecluse.submit(**{**CLAIRE, "email": "claire@gmial.com"}, content=WORDS)
    assert receipt.suggestions[0].value == "claire@gmail.com"


def test_an_author_is_nudged_and_may_go_on(served: Served, ecluse: Ecluse) -> None:
    served.house.change_site(has_nudge=True)
    with pytest.raises(Nudged) as caught:
        ecluse.submit(**CLAIRE, content=INSULT)
    assert caught.value.reasons
    receipt = ecluse.submit(**CLAIRE, content=INSULT, nudge_token=caught.value.nudge_token)
    assert receipt.status == "received"


def test_limits_say_when_to_come_back(served: Served, ecluse: Ecluse) -> None:
    served.house.change_site(limits={"email": Limit(1, 600)})
    ecluse.submit(**CLAIRE, content=WORDS)
    with pytest.raises(TooMany) as caught:
        ecluse.submit(**CLAIRE, content="Encore un mot.")
    assert caught.value.retry_after_s > 0


def test_the_same_key_makes_one_comment(ecluse: Ecluse) -> None:
    first = ecluse.submit(**CLAIRE, content=WORDS, idempotency_key="7f3c")
    assert ecluse.submit(**CLAIRE, content=WORDS, idempotency_key="7f3c").id == first.id


def test_a_thread_is_read_to_its_end(served: Served, ecluse: Ecluse) -> None:
    served.house.change_site(limits={})
    page = "https://journal.example/où?a=b&c=d"
    top = published(served, ecluse, page=page)
    reply = published(served, ecluse, "Je suis du même avis.", page=page, parent=top)
    (shown,) = ecluse.comments(page)
    assert (shown.id, shown.author, shown.content) == (top, "Claire", WORDS)
    assert [each.id for each in shown.replies] == [reply]
    assert [each.parent for each in ecluse.replies(top)] == [top]
    assert ecluse.counts([page, PAGE]) == {page: 2, PAGE: 0}


def test_the_next_slices_of_a_thread_are_fetched(served: Served, ecluse: Ecluse) -> None:

    wanted = numbered(120, action=Action.APPROVE)
    ids = stock(served.house.services.store, wanted)
    assert [each.id for each in ecluse.comments(PAGE, order="oldest")] == ids
    assert ecluse.counts([PAGE]) == {PAGE: 120}


def test_moderators_read_the_queue_and_decide(served: Served, ecluse: Ecluse) -> None:

    ids = stock(served.house.services.store, numbered(3))
    held = list(ecluse.queue(limit=2, least=0.1, reported=False))
    assert [each.id for each in held] == ids
    assert held[0].email.startswith("lecteur")
    assert held[0].scores["insult"] > 0.5
    decided = ecluse.decide(ids[0], "approve", reason="fine", version=held[0].version)
    assert decided.is_done
    assert decided.status == "approved"
    with pytest.raises(Conflict):
        ecluse.decide(ids[0], "reject", version=held[0].version)
    results = ecluse.decide_all([*ids[1:], "01JZ8Q6Q3D5W8W1XK2T9F4M7NB"], "spam")
    assert [each.outcome for each in results] == ["done", "done", "unknown"]
    assert list(ecluse.queue()) == []


def test_what_is_not_there_or_not_allowed_says_so(served: Served, ecluse: Ecluse) -> None:
    with pytest.raises(NotFound):
        ecluse.comment("01JZ8Q6Q3D5W8W1XK2T9F4M7NB")
    submits_only = served.house.key(Scope.SUBMIT)
    with Ecluse(served.url, "demo", submits_only) as client, pytest.raises(NotAllowed) as caught:
        list(client.queue())
    assert caught.value.status == 403
    with Ecluse(served.url, "nowhere") as client, pytest.raises(NotFound):
        list(client.comments(PAGE))


def test_a_connection_the_server_closed_meanwhile_costs_no_comment() -> None:
    closer = ClosesAfterOne()
    with Ecluse(closer.url, "demo", "ek_demo_1_2") as client:
        assert client.counts(["a"]) == {"a": 1}
        assert client.counts(["a"]) == {"a": 1}
    assert closer.answered == 2
    closer.end()


def test_no_answer_is_told_as_such() -> None:
    with Ecluse(f"http://127.0.0.1:{free_port()}", "demo") as client, pytest.raises(Unreachable):
        client.counts(["a"])


@pytest.mark.parametrize("base", ["comments.example", "ftp://comments.example", ""])
def test_an_address_that_is_none_is_refused_at_once(base: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        Ecluse(base, "demo")


class ClosesAfterOne:
    """A server that promises to keep a connection, and closes it after each answer."""

    def __init__(self) -> None:
        self.answered = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def end(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        body = b'{"counts": {"a": 1}}'
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as sent:
                length = 0
                while (line := sent.readline().strip()) != b"":
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                sent.read(length)
                connection.sendall(head % len(body) + body)
                self.answered += 1
