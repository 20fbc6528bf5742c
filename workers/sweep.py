"""The `sweep` task: ring for what was left behind or may be due, and index what is not yet."""

from __future__ import annotations

import logging
import time

from redis.exceptions import RedisError

from service.store.doorbell import Doorbell
from service.store.inbox import Inbox
from service.store.learning.learned import Learned
from service.store.queue.indexing import Indexing
from service.store.server.trouble import SENTENCES, trouble_of
from service.store.sites import Sites
from service.store.store import Store
from service.store.webhooks.callbacks import Callbacks
from workers.call_back import caller
from workers.deliver import deliverer
from workers.learn import pupil
from workers.mail import writer
from workers.moderate import moderator

MAIL_EVERY_S = 60
INDEX_STEPS = 10
"""Steps in one sweep for one site: 5,000 comments, half a second."""

logger = logging.getLogger(__name__)


def sweep() -> int:
    """Ring for every site with comments to judge, to learn or to tell somebody of: the cron task.

    Then look for comments that the queue's filters do not know yet. Returns how many bells
    were rung: none while the server takes no writes, for nothing could be settled.
    """
    try:
        return _sweep()
    except RedisError as error:
        trouble = trouble_of(error)
        if not trouble:
            raise
        logger.error("the comments' server refuses writes (%s): %s", trouble, SENTENCES[trouble])
        return 0


def _sweep() -> int:
    here, learned = moderator(), pupil().learned
    here.inbox.probe()
    if here.settings.smtp_host and writer().store.mailboxes.begin_round(MAIL_EVERY_S):
        here.doorbell.ring_for_mail()
    rung = ring_where_needed(here.sites, here.inbox, here.doorbell)
    rung += ring_to_learn_where_needed(here.sites, learned, here.doorbell, time.time())
    rung += ring_to_call_back_where_due(here.sites, caller().callbacks, here.doorbell, time.time())
    rung += ring_to_deliver_where_due(deliverer().store, here.doorbell, time.time())
    index_where_needed(here.sites, here.indexing)
    return rung


def ring_where_needed(sites: Sites, inbox: Inbox, doorbell: Doorbell) -> int:
    """Ring for each inbox that is not empty and has no bell on its way already."""
    waiting = (name for name in sites.names() if inbox.is_waiting(name))
    return sum(doorbell.ring(name) for name in waiting if inbox.set_bell(name))


def ring_to_learn_where_needed(
    sites: Sites, learned: Learned, doorbell: Doorbell, now_s: float
) -> int:
    """Ring for each site with something to learn and no bell on its way already."""
    due = (name for name in sites.names() if learned.is_due(name, now_s))
    return sum(doorbell.ring_to_learn(name) for name in due if learned.set_bell(name))


def ring_to_call_back_where_due(
    sites: Sites, callbacks: Callbacks, doorbell: Doorbell, now_s: float
) -> int:
    """Ring for each site whose callers wait for news and no bell on its way already."""
    due = (name for name in sites.names() if callbacks.are_due(name, int(now_s * 1000)))
    return sum(doorbell.ring_to_call_back(name) for name in due if callbacks.set_bell(name))


def ring_to_deliver_where_due(store: Store, doorbell: Doorbell, now_s: float) -> int:
    """Ring for each site whose webhooks are to be told something now."""
    now_ms = int(now_s * 1000)

    def is_due(name: str) -> bool:
        if store.outbox.depth(name):
            return True
        webhooks = store.webhooks.of(name)
        return bool(webhooks) and store.deliveries.are_due(name, webhooks, now_ms)

    due = filter(is_due, store.sites.names())
    return sum(doorbell.ring_to_deliver(name) for name in due if store.outbox.set_bell(name))


def index_where_needed(sites: Sites, indexing: Indexing) -> int:
    """Give facets to comments that an earlier release settled; return to how many."""
    due = (name for name in sites.names() if not indexing.is_done(name))
    return sum(indexing.advance(name, INDEX_STEPS) for name in due)
