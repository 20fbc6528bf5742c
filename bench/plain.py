"""The plain design, which is the obvious one: HSET the comment, enqueue a job to moderate it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from ulid import ULID

from config.settings import Settings
from service.moderation.comment import Comment
from service.store.comments import Arrival, Receipt
from service.store.keys import SiteKeys, page_key
from service.store.records import content_json, facts_json
from service.store.sealing import Vault
from service.store.server.connection import Client, connect
from service.store.server.embedded import server_urls

PLAIN_QUEUE = "plain"
PLAIN_TASK = "bench.tasks.moderate_one"


@dataclass(frozen=True)
class PlainComments:
    """Accept comments as the plain design does: two steps, one RQ job for each comment.

    It counts no rate limits and knows no idempotency keys: less work than ours.
    """

    client: Client
    vault: Vault
    queue: Queue

    def accept(self, arrival: Arrival) -> Receipt:
        """Save the comment and enqueue its job."""
        comment = arrival.comment
        key = SiteKeys(comment.site).comment(comment.id)
        fields: Any = stored_fields(self.vault, arrival)
        self.client.hset(key, mapping=fields)
        self.queue.enqueue(PLAIN_TASK, comment.site, comment.id, result_ttl=0)
        return Receipt(comment.id, is_replay=False, must_ring=False)


def comment_of(site: str, data: dict[str, Any]) -> Comment:
    """Return the comment of validated fields, ``submitted_at`` in seconds or 0."""
    return Comment(
        id=str(ULID()),
        site=site,
        page=data["page"],
        content=data["content"],
        author=data["author"],
        url=data["url"],
        lang=data["lang"],
        page_title=data["page_title"],
        user_agent=data["user_agent"],
        referrer=data["referrer"],
        author_id=data["author_id"],
        is_staff=data["is_staff"],
        submitted_at=data["submitted_at"],
    )


def stored_fields(vault: Vault, arrival: Arrival) -> dict[str, str | bytes | int]:
    """Return the hash accept.lua would write."""
    comment, personal = arrival.comment, arrival.personal
    now = int(time.time() * 1000)
    return {
        "status": "received",
        "version": 1,
        "revision": 0,
        "content": content_json(comment),
        "facts": facts_json(arrival.facts, ()),
        "personal": vault.seal(personal, comment.id),
        "email_hash": vault.lookup("email", personal.email.lower()),
        "ip_hash": vault.lookup("ip", personal.ip),
        "author": arrival.facts.author_key,
        "page_key": page_key(comment.page),
        "parent": "",
        "root": "",
        "depth": 0,
        "submitted_at": int(comment.submitted_at * 1000) or now,
        "received_at": now,
        "pressures": "",
    }


def plain_queue(settings: Settings) -> Queue:
    """Return the RQ queue of the plain design."""
    connection = connect(server_urls(settings).queue)
    assert isinstance(connection, Redis)  # noqa: S101  server_urls refuses clusters
    return Queue(PLAIN_QUEUE, connection=connection, serializer=JSONSerializer)
