"""The store as a whole: one connection, and every aggregate over it."""

from __future__ import annotations

from dataclasses import dataclass

from config.settings import Durability, Secrets, Settings
from service.store.appeals import Appeals
from service.store.audit import AuditLog
from service.store.authors import Authors
from service.store.bans import Bans
from service.store.comments import Comments, InboxLimits
from service.store.dead_letters import DeadLetters
from service.store.decided import Decided
from service.store.decisions import Decisions
from service.store.doors.at_door import AtDoor
from service.store.doors.door_counts import DoorCounts
from service.store.doors.door_keys import DoorKeys
from service.store.doors.quotas import Quotas
from service.store.imports import Imports
from service.store.inbox import Inbox
from service.store.learning.learned import Learned
from service.store.queue.claims import Claims
from service.store.queue.indexing import Indexing
from service.store.queue.live import Live
from service.store.queue.notes import Notes
from service.store.queue.queue import Queue
from service.store.queue.second_looks import SecondLooks
from service.store.queue.timeline import Timeline
from service.store.queue.views import Views
from service.store.reports import Reports
from service.store.sealing import Vault
from service.store.server.connection import Client, connect
from service.store.sites import Sites
from service.store.staff.accounts import Accounts
from service.store.staff.door import Door
from service.store.staff.errands import Errands
from service.store.staff.general_audit import GeneralAudit
from service.store.staff.links import Links
from service.store.staff.mailboxes import Mailboxes
from service.store.staff.passwords import Passwords
from service.store.staff.people import People
from service.store.staff.second_factor import SecondFactor
from service.store.staff.sessions import Sessions
from service.store.threads import Threads
from service.store.trials import Trials
from service.store.upkeep.by_address import ByAddress
from service.store.upkeep.retention import Forgetting
from service.store.upkeep.whole import Whole
from service.store.webhooks.callbacks import Callbacks
from service.store.webhooks.deliveries import Deliveries
from service.store.webhooks.outbox import Outbox
from service.store.webhooks.webhooks import Webhooks


@dataclass(frozen=True)
class Store:
    """Hold the aggregates of one server, or one cluster."""

    client: Client
    vault: Vault
    sites: Sites
    comments: Comments
    imports: Imports
    whole: Whole
    inbox: Inbox
    threads: Threads
    decisions: Decisions
    dead_letters: DeadLetters
    queue: Queue
    indexing: Indexing
    views: Views
    learned: Learned
    reports: Reports
    appeals: Appeals
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
    sessions: Sessions
    second_factor: SecondFactor
    door: Door
    people: People
    errands: Errands
    general_audit: GeneralAudit
    decided: Decided
    trials: Trials
    forgetting: Forgetting
    webhooks: Webhooks
    outbox: Outbox
    deliveries: Deliveries
    door_keys: DoorKeys
    door_counts: DoorCounts
    quotas: Quotas
    at_door: AtDoor
    callbacks: Callbacks
    by_address: ByAddress


def open_store(
    settings: Settings,
    secrets: Secrets,
    url: str,
    passwords: Passwords | None = None,
    *,
    asks_again: bool = True,
) -> Store:
    """Return the store at ``url``; ``passwords`` may hash at another cost than in service.

    A server that hangs is asked again unless ``asks_again`` is false.

    Raises ``NotDurable`` when strict durability is asked of a server that cannot
    promise it.
    """
    client = connect(url, asks_again=asks_again)
    vault = Vault(secrets.signing, secrets.data_keys)
    comments = Comments(
        client,
        vault,
        is_strict=settings.durability is Durability.STRICT,
        idempotency_ttl_s=settings.idempotency_ttl_s,
        inbox_limits=InboxLimits(settings.inbox_limit, settings.inbox_age_limit_s),
    )
    decisions = Decisions(client, comments)
    passwords = passwords or Passwords()
    links, audit = Links(client), GeneralAudit(client)
    mailboxes, views = Mailboxes(client, vault), Views(client)
    accounts, second_factor = Accounts(client, passwords), SecondFactor(client, vault)
    authors, second_looks = Authors(client), SecondLooks(client)
    sessions = Sessions(client, ttl_s=settings.session_ttl_s, idle_s=settings.session_idle_s)
    return Store(
        client=client,
        vault=vault,
        sites=Sites(client),
        comments=comments,
        imports=Imports(client, vault, comments),
        whole=Whole(client, comments),
        inbox=Inbox(
            client,
            duplicate_window=settings.duplicate_window,
            sites_window=settings.sites_window,
        ),
        threads=Threads(client),
        decisions=decisions,
        dead_letters=DeadLetters(client, comments),
        queue=Queue(client, comments),
        indexing=Indexing(client),
        views=views,
        learned=Learned(client, comments, is_shared=settings.share_learning),
        reports=Reports(client, vault, comments),
        appeals=Appeals(client, comments, decisions),
        audit=AuditLog(client),
        second_looks=second_looks,
        claims=Claims(client),
        live=Live(client),
        notes=Notes(client),
        timeline=Timeline(client),
        authors=authors,
        mailboxes=mailboxes,
        bans=Bans(client, vault),
        accounts=accounts,
        sessions=sessions,
        second_factor=second_factor,
        door=Door(client, accounts, sessions, second_factor, passwords, audit),
        people=People(accounts, sessions, links, second_factor, passwords, mailboxes, views, audit),
        errands=Errands(client),
        general_audit=audit,
        decided=Decided(client, comments),
        trials=Trials(client),
        forgetting=Forgetting(client, comments),
        webhooks=Webhooks(client, vault),
        outbox=Outbox(client),
        deliveries=Deliveries(client),
        door_keys=DoorKeys(client, vault),
        door_counts=DoorCounts(client),
        quotas=Quotas(client),
        at_door=AtDoor(client, vault, comments, window=settings.duplicate_window),
        callbacks=Callbacks(client),
        by_address=ByAddress(client, vault, comments, authors, second_looks),
    )
