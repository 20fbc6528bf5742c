"""The store as a whole: one connection, and every aggregate over it."""

from __future__ import annotations

from dataclasses import dataclass

from config.settings import Durability, Secrets, Settings
from service.store.accounts import Accounts
from service.store.audit import AuditLog
from service.store.authors import Authors
from service.store.bans import Bans
from service.store.claims import Claims
from service.store.comments import Comments
from service.store.connection import Client, connect
from service.store.decided import Decided
from service.store.decisions import Decisions
from service.store.inbox import Inbox
from service.store.indexing import Indexing
from service.store.learned import Learned
from service.store.live import Live
from service.store.mailboxes import Mailboxes
from service.store.notes import Notes
from service.store.queue import Queue
from service.store.retention import Forgetting
from service.store.sealing import Vault
from service.store.second_looks import SecondLooks
from service.store.sites import Sites
from service.store.threads import Threads
from service.store.timeline import Timeline
from service.store.trials import Trials
from service.store.views import Views


@dataclass(frozen=True)
class Store:
    """Hold the aggregates of one server, or one cluster."""

    client: Client
    vault: Vault
    sites: Sites
    comments: Comments
    inbox: Inbox
    threads: Threads
    decisions: Decisions
    queue: Queue
    indexing: Indexing
    views: Views
    learned: Learned
    accounts: Accounts
    audit: AuditLog
    second_looks: SecondLooks
    claims: Claims
    live: Live
    notes: Notes
    timeline: Timeline
    authors: Authors
    mailboxes: Mailboxes
    bans: Bans
    decided: Decided
    trials: Trials
    forgetting: Forgetting


def open_store(settings: Settings, secrets: Secrets, url: str) -> Store:
    """Return the store at ``url``.

    Raises ``NotDurable`` when strict durability is asked of a server that cannot
    promise it.
    """
    client = connect(url)
    vault = Vault(secrets.signing, secrets.data_keys)
    comments = Comments(
        client,
        vault,
        is_strict=settings.durability is Durability.STRICT,
        idempotency_ttl_s=settings.idempotency_ttl_s,
    )
    return Store(
        client=client,
        vault=vault,
        sites=Sites(client),
        comments=comments,
        inbox=Inbox(
            client,
            duplicate_window=settings.duplicate_window,
            sites_window=settings.sites_window,
        ),
        threads=Threads(client),
        decisions=Decisions(client, comments),
        queue=Queue(client, comments),
        indexing=Indexing(client),
        views=Views(client),
        learned=Learned(client, comments, is_shared=settings.share_learning),
        accounts=Accounts(client, session_ttl_s=settings.session_ttl_s),
        audit=AuditLog(client),
        second_looks=SecondLooks(client),
        claims=Claims(client),
        live=Live(client),
        notes=Notes(client),
        timeline=Timeline(client),
        authors=Authors(client),
        mailboxes=Mailboxes(client, vault),
        bans=Bans(client, vault),
        decided=Decided(client, comments),
        trials=Trials(client),
        forgetting=Forgetting(client, comments),
    )
