"""What goes wrong in a command, said in one line."""

from __future__ import annotations

from collections.abc import Callable

from redis.exceptions import RedisError

from config.settings import SettingsInvalid
from service.exchange.foreign import FileUnreadable
from service.moderation.models.weights import ModelBroken
from service.moderation.policy import PolicyInvalid
from service.store.comments import CommentUnknown
from service.store.doors.door_keys import KeyGiven
from service.store.paging import CursorInvalid
from service.store.server.connection import NotDurable, StoreUnreachable
from service.store.server.embedded import EmbeddedNotRunning
from service.store.sites import KeyEnded, KeyUnknown, SiteChanged, SiteExists, SiteUnknown
from service.store.staff.accounts import (
    AccountExists,
    AccountUnknown,
    LastAdministrator,
    NameRetired,
)
from service.store.upkeep.backup import NotEmpty, NotEqual
from service.store.upkeep.sealed_file import FileBroken, PassphraseNeeded
from service.store.webhooks.webhooks import MOST, TooManyWebhooks, WebhookChanged, WebhookUnknown
from service.up import AlreadyRunning, PortTaken

SENTENCES: dict[type[Exception], Callable[[Exception], str]] = {
    SettingsInvalid: str,
    EmbeddedNotRunning: str,
    AlreadyRunning: str,
    PortTaken: str,
    NotDurable: str,
    StoreUnreachable: lambda error: (
        f"the server of the comments does not answer ({error}): does it run, and where "
        "ECLUSE_REDIS_URL says?"
    ),
    SiteUnknown: lambda error: f"no site is called {str(error)!r}; see `ecluse sites list`",
    SiteExists: lambda error: f"a site called {str(error)!r} exists already",
    KeyUnknown: lambda error: f"the site has no key {str(error)!r}; see `ecluse keys list`",
    KeyEnded: lambda error: f"the key {str(error)!r} has ended; make a new one",
    KeyGiven: lambda error: (
        f"the other side makes the key {str(error)!r}: give its next one with `ecluse keys create "
        "SITE --for coral --secret-file -`, then revoke this one"
    ),
    SiteChanged: lambda error: f"somebody else is changing {str(error)!r}; try again",
    AccountExists: lambda error: f"an account called {str(error)!r} exists already",
    NameRetired: lambda error: (
        f"a deleted account was called {str(error)!r}, and the logs speak of it by that name; "
        "`--again` gives it all the same"
    ),
    WebhookUnknown: lambda error: (
        f"the site has no webhook {str(error)!r}; see `ecluse webhooks list`"
    ),
    TooManyWebhooks: lambda _: f"a site has at most {MOST} webhooks",
    WebhookChanged: lambda error: f"somebody else is changing {str(error)!r}; try again",
    AccountUnknown: lambda error: f"no account is called {str(error)!r}",
    LastAdministrator: lambda error: f"nobody but {str(error)!r} administers all sites",
    CursorInvalid: lambda error: f"this cursor is not one of ours: {error}",
    CommentUnknown: lambda error: f"no such comment was set aside: {error}",
    ModelBroken: lambda error: f"a model cannot be used: {error}",
    PolicyInvalid: lambda error: f"the policy cannot be used: {error}",
    FileBroken: lambda error: f"the backup cannot be used: {error}",
    PassphraseNeeded: str,
    NotEmpty: str,
    NotEqual: lambda error: (
        f"what is there now is not what was saved ({error}); stop what else writes to the "
        "server, and restore again with --replace"
    ),
    FileUnreadable: lambda error: f"the file cannot be read: {error}",
    RedisError: lambda error: f"the server refused or was lost: {error}",
    OSError: lambda error: _of_a_file(error) if isinstance(error, OSError) else str(error),
}


def _of_a_file(error: OSError) -> str:
    if error.filename is None or not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}"


def sentence(error: Exception) -> str | None:
    """Return what to tell the user about an error, or None when it is a fault of ours."""
    for kind, say in SENTENCES.items():
        if isinstance(error, kind):
            return say(error)
    return None
