"""Every key the service owns: its name, its type, its life.

All keys of a site share the hash tag ``{site}``, so a script over them runs on one
slot of a Redis Cluster. What the sites share lives under ``{*}``, a slot of its own. RQ's
own keys (``rq:*``) live at ``ECLUSE_QUEUE_URL``.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

SITES = "ecluse:sites"  # set of site names; for ever
USERS = "ecluse:users"  # set of user names; for ever
ADMINISTRATORS = "ecluse:administrators"  # set of those enabled and for all sites; for ever
RETIRED = "ecluse:users:retired"
"""Hash: name of a deleted account → when (ms) and its last generation; until it is given again."""

LINKS = "ecluse:links"  # sorted set by expiry: digests of open invitations and reset links
AUDIT = "ecluse:audit"
"""Stream, for what concerns no site: sign-ins, invitations, roles. Its fields are ``kind``,
``actor`` and ``detail`` (JSON); never trimmed before it is archived."""

MAILBOXES = "ecluse:mailboxes"  # set of account names that get mail; for ever
MAIL_ROUND = "ecluse:mail:round"  # string: somebody looks what is to be sent; a minute

DOOR_KEYS = "ecluse:door-keys"
"""Hash: keyed hash of a key for a door that speaks another's API → JSON of it; for ever."""

UNKNOWN_AT_DOORS = "ecluse:doors:unknown"
"""Hash: door → calls whose key nobody knows, and `{door}:at`, when the last came (ms)."""

TRAFFIC = "ecluse:traffic"
"""Hash: requests answered and their time, by method, route and status class; for ever.

As many fields as there are routes allow, whatever is asked for (service/store/traffic.py)."""

RESETS_ASKED = "ecluse:mail:resets"  # counter of resets asked for by mail; a minute

READY = "ecluse:ready"  # string: the server took a write to show that it can; a minute

EVERY_SITE = "*"
"""All sites together, where a site's name would stand; no site can be called so."""

OPS_TOTALS = "ecluse:{*}:ops:totals"  # hash: what all workers ever did, counted; for ever
OPS_CHECKS = "ecluse:{*}:ops:checks"
"""Hash: what each check ever did, and when it last ran and failed (ms); for ever."""

OPS_SAMPLED = "ecluse:{*}:ops:sampled"  # hash: the last look at the inboxes: when, how many
OPS_WORKERS = "ecluse:{*}:ops:workers"
"""Sorted set by last heartbeat (ms): names of workers; those of the last ten minutes."""

STATUS_ORDER = ("approved", "held", "rejected", "spam", "deleted")


def user(name: str) -> str:
    """Hash of one account; for ever.

    Password hash and ``generation``, role, sites, preferences, the sealed ``totp`` secret.
    """
    return f"ecluse:user:{name}"


def views(name: str) -> str:
    """Hash: an account's saved views of the queue, name → query, 50 at most; for ever."""
    return f"ecluse:user:{name}:views"


def recovery_codes(name: str) -> str:
    """Set: keyed hashes of an account's unused recovery codes; as long as its second factor."""
    return f"ecluse:user:{name}:recovery"


def sessions_of(name: str) -> str:
    """Sorted set by time of opening: digests of an account's newest 50 sessions; with the last."""
    return f"ecluse:user:{name}:sessions"


def session(digest: str) -> str:
    """Hash: a session's account, generation, times and browser; idle timeout, or its whole life."""
    return f"ecluse:session:{digest}"


def half_session(digest: str) -> str:
    """Hash: who gave the right password and still owes a code; 5 minutes."""
    return f"ecluse:half:{digest}"


def spent_code(digest: str, step: int) -> str:
    """String: an account's one-time code of this step was accepted; 3 minutes."""
    return f"ecluse:code:{digest}:{step}"


def sign_in_attempts(digest: str) -> str:
    """Counter of failed sign-ins to one account; 15 minutes."""
    return f"ecluse:sign-in:{digest}"


def sign_in_attempts_from(bucket: str) -> str:
    """Counter of failed sign-ins from addresses that share one of 65,536 buckets; 15 minutes."""
    return f"ecluse:sign-in:from:{bucket}"


def link(digest: str) -> str:
    """Hash: what an invitation (72 h) or a reset link (24 h) is good for; until it is used."""
    return f"ecluse:link:{digest}"


def errand(digest: str) -> str:
    """String, JSON: a sign-in that is on its way through the OIDC provider; 10 minutes."""
    return f"ecluse:errand:{digest}"


def mailbox(name: str) -> str:
    """Hash: one account's address, sealed, and what it wishes to get; for ever."""
    return f"ecluse:mailbox:{name}"


def mail_sent(name: str) -> str:
    """Hash: site and kind → when (ms) one account was last told of it; for ever."""
    return f"ecluse:mail:sent:{name}"


def reset_sent(name: str) -> str:
    """String: a link that resets the password was mailed to one account; 15 minutes."""
    return f"ecluse:mail:reset:{name}"


def mail_link(signature: str) -> str:
    """String: a link of a mail was used; 48 hours."""
    return f"ecluse:mail:link:{signature}"


def warned_at_door(door: str) -> str:
    """String: calls with an unknown key at a door were warned of; a minute."""
    return f"ecluse:doors:warned:{door}"


def unknown_at_doors(start_s: int) -> str:
    """Hash: door → calls with an unknown key in five minutes; an hour and ten minutes."""
    return f"ecluse:{{*}}:doors:unknown:{start_s}"


def ops_slot(step_s: int, start_s: int) -> str:
    """Hash: what all workers did in one step of time, counted; as long as it is charted."""
    return f"ecluse:{{*}}:ops:slot:{step_s}:{start_s}"


def ops_checks_slot(start_s: int) -> str:
    """Hash: what each check did in five minutes; an hour and ten minutes."""
    return f"ecluse:{{*}}:ops:checks:{start_s}"


def ops_worker(name: str) -> str:
    """Hash: one worker, where it runs, what it settled, when it ended; ten minutes more."""
    return f"ecluse:{{*}}:ops:worker:{name}"


def ops_alive(name: str) -> str:
    """String: one worker's process lives; four seconds."""
    return f"ecluse:{{*}}:ops:alive:{name}"


@dataclass(frozen=True, slots=True)
class SiteKeys:
    """Name the keys of one site."""

    site: str

    def _key(self, rest: str) -> str:
        return f"ecluse:{{{self.site}}}:{rest}"

    @property
    def record(self) -> str:
        """String, JSON: the site's settings; for ever."""
        return self._key("site")

    @property
    def api_keys(self) -> str:
        """Hash: key id → JSON of an API key; for ever."""
        return self._key("keys")

    @property
    def inbox(self) -> str:
        """Stream: comments no check has seen; an entry goes when it is settled."""
        return self._key("inbox")

    @property
    def bell(self) -> str:
        """String: a `moderate` task is on its way; 15 s, or until it starts."""
        return self._key("bell")

    @property
    def counters(self) -> str:
        """Hash: accepted, settled, unscreened, in each status, told to webhooks …; for ever."""
        return self._key("counters")

    @property
    def recent(self) -> str:
        """List of fingerprints with ids: the duplicate window, newest last; capped.

        Of every site together: the same with all but the fingerprints hashed.
        """
        return self._key("recent")

    @property
    def recalls(self) -> str:
        """Hash: approved comment to take back → how many are like it; until that is done."""
        return self._key("recalls")

    @property
    def waiting(self) -> str:
        """Set: comments whose last decision is to be learned; until it is."""
        return self._key("learn:waiting")

    @property
    def lessons(self) -> str:
        """Hash: comment → what its decision taught, hashed; some 1,200, the oldest go.

        Of every site together: site and comment → the same, where the operator shares it.
        """
        return self._key("learn:lessons")

    @property
    def layer(self) -> str:
        """Hash: the layer made of the lessons, its edition, and what it was made of."""
        return self._key("learn:layer")

    @property
    def ordinary(self) -> str:
        """Hash: what is ordinary on the site, hashed, and when that was looked at (s)."""
        return self._key("learn:ordinary")

    @property
    def learn_bell(self) -> str:
        """String: a `learn` task is on its way; 15 s, or until it starts."""
        return self._key("learn:bell")

    @property
    def unscreened(self) -> str:
        """Sorted set by time: held comments that some check could not judge."""
        return self._key("unscreened")

    @property
    def trial(self) -> str:
        """Hash: day, status and status on trial → comments; 90 days, 16 fields a day at most."""
        return self._key("trial")

    @property
    def differing(self) -> str:
        """List: comments on which the policy on trial differed, newest first; 200."""
        return self._key("trial:differing")

    @property
    def dead(self) -> str:
        """Sorted set by time: comments set aside for an operator."""
        return self._key("dead")

    @property
    def dead_reasons(self) -> str:
        """Hash: comment id → JSON of why it was set aside."""
        return self._key("dead:why")

    @property
    def audit(self) -> str:
        """Stream: every decision; never trimmed before it is archived.

        What moderators wrote as their reasons lies apart (``reasons``), for no entry of a
        stream can be changed.
        """
        return self._key("audit")

    @property
    def second_waiting(self) -> str:
        """Sorted set by time: decided comments that wait for a blind second look; 500."""
        return self._key("second")

    @property
    def second_firsts(self) -> str:
        """Hash: comment that waits for it → its first decision; as long as it waits."""
        return self._key("second:firsts")

    @property
    def second_answers(self) -> str:
        """List, newest first: both judgements of the comments looked at again; 2,000."""
        return self._key("second:answers")

    @property
    def live(self) -> str:
        """Stream: comments that came into the queue or left it, newest 1,000 or so."""
        return self._key("live")

    @property
    def facets(self) -> str:
        """Hash: settled comment → what the queue filters by, packed (facets.py); for ever."""
        return self._key("facets")

    @property
    def indexing(self) -> str:
        """Hash: how far comments older than the facets have been given theirs, and `done`."""
        return self._key("indexing")

    @property
    def severity(self) -> str:
        """Sorted set: held comments, the highest score first, then the oldest (index.lua)."""
        return self._key("queue:severity")

    @property
    def reach(self) -> str:
        """Sorted set: held comments, those of the busiest page first, then the oldest."""
        return self._key("queue:reach")

    @property
    def with_link(self) -> str:
        """Sorted set by time: held comments with a link."""
        return self._key("queue:link")

    @property
    def reported(self) -> str:
        """Sorted set by time: held comments that readers reported."""
        return self._key("queue:reported")

    @property
    def handled(self) -> str:
        """Sorted set by time: held comments that a moderator has claimed, or decided to hold."""
        return self._key("handled")

    def scored(self, attribute: str) -> str:
        """Sorted set: held comments with a score for an attribute, the highest first."""
        return self._key(f"queue:attribute:{attribute}")

    def in_language(self, code: str) -> str:
        """Sorted set by time: held comments in a language served, or in any `other`."""
        return self._key(f"queue:lang:{code}")

    def held_on(self, page_key: str) -> str:
        """Sorted set by time: held comments on one page."""
        return self._key(f"queue:page:{page_key}")

    def held_by(self, author_key: str) -> str:
        """Sorted set by time: held comments of one author."""
        return self._key(f"queue:author:{author_key}")

    @property
    def reporters(self) -> str:
        """Hash: ``{reporter}:y``, ``{reporter}:n`` → how often moderators agreed, or did not.

        Reporters by keyed hash, those alone whose reports were judged; for ever.
        """
        return self._key("reporters")

    @property
    def appeals(self) -> str:
        """Sorted set by time of appeal: comments whose authors wait for an answer."""
        return self._key("appeals")

    @property
    def appeal_counts(self) -> str:
        """Hash: appeals filed, granted, upheld; the last two also by who refused; for ever."""
        return self._key("appeals:counts")

    @property
    def webhooks(self) -> str:
        """Hash: webhook id → JSON of where a site's events are posted; at most 20."""
        return self._key("webhooks")

    @property
    def outbox(self) -> str:
        """Stream: events not yet given to the webhooks; at most 100,000."""
        return self._key("outbox")

    @property
    def deliver_bell(self) -> str:
        """String: a `deliver` task is on its way; 15 s, or until it starts."""
        return self._key("outbox:bell")

    def deliveries(self, webhook_id: str) -> str:
        """Hash: event → JSON of what one webhook was not told yet; at most 11,000."""
        return self._key(f"webhook:{webhook_id}:deliveries")

    def deliveries_due(self, webhook_id: str) -> str:
        """Sorted set by when (ms) it is due: events to post to one webhook."""
        return self._key(f"webhook:{webhook_id}:due")

    def deliveries_dead(self, webhook_id: str) -> str:
        """Sorted set by when (ms) it was given up: the newest 1,000 events a webhook missed."""
        return self._key(f"webhook:{webhook_id}:dead")

    def deliveries_recent(self, webhook_id: str) -> str:
        """List, JSON: the last 50 attempts to post to one webhook, newest first."""
        return self._key(f"webhook:{webhook_id}:recent")

    def webhook_state(self, webhook_id: str) -> str:
        """Hash: how one webhook does: failures in a row, since when, its rest (ms), counts."""
        return self._key(f"webhook:{webhook_id}:state")

    def told(self, comment_id: str) -> str:
        """List, JSON: what webhooks were told of a comment, or not; the newest 20, 30 days."""
        return self._key(f"comment:{comment_id}:told")

    @property
    def callbacks(self) -> str:
        """Sorted set by when (ms) it is due: comments whose result is to be posted back."""
        return self._key("callbacks")

    @property
    def callback_bell(self) -> str:
        """String: a `call_back` task is on its way; 15 s, or until it starts."""
        return self._key("callbacks:bell")

    def door_counts(self, door: str, month: str) -> str:
        """Hash: day and name → how often, of one month (13 months), or of `all` (for ever)."""
        return self._key(f"door:{door}:{month}")

    def status(self, status: str) -> str:
        """Sorted set by time of arrival: the comments in one status."""
        return self._key(f"status:{status}")

    def comment(self, comment_id: str) -> str:
        """Hash: one comment; until its retention ends."""
        return self._key(f"comment:{comment_id}")

    def trail(self, comment_id: str) -> str:
        """List, JSON: what happened to a comment after it was judged; the newest 100."""
        return self._key(f"comment:{comment_id}:trail")

    def past(self, comment_id: str) -> str:
        """List, JSON: what each of a comment's last 20 decisions took the place of."""
        return self._key(f"comment:{comment_id}:past")

    def notes(self, comment_id: str) -> str:
        """List, JSON: moderators' notes on a comment, at most 50; as long as the comment."""
        return self._key(f"comment:{comment_id}:notes")

    def reasons(self, comment_id: str) -> str:
        """Hash: entry of the audit log → a moderator's reason; until the comment is erased."""
        return self._key(f"comment:{comment_id}:reasons")

    def report_notes(self, comment_id: str) -> str:
        """Hash: reporter → what they wrote beside a report; at most 100, as long as the comment."""
        return self._key(f"report-notes:{comment_id}")

    def claim(self, comment_id: str) -> str:
        """Hash: which moderator has a comment in hand, and until when (ms); 120 s."""
        return self._key(f"comment:{comment_id}:claim")

    @property
    def trusted(self) -> str:
        """Hash: author key → JSON of who trusts them since when; at most 10,000."""
        return self._key("trusted")

    @property
    def bans(self) -> str:
        """Hash: ban id → JSON of a ban; at most 10,000."""
        return self._key("bans")

    @property
    def bans_edition(self) -> str:
        """Counter: goes up with every change of the bans; for ever."""
        return self._key("bans:edition")

    def author(self, author_key: str) -> str:
        """Hash: when an author came first, approved and refused counts; for ever."""
        return self._key(f"author:{author_key}")

    def idempotency(self, digest: str) -> str:
        """String: the comment an idempotency key made; ``idempotency_ttl_s``."""
        return self._key(f"idem:{digest}")

    def rate(self, dimension: str, subject: str) -> str:
        """String: a rate limit's theoretical arrival time, ms; as long as it counts."""
        return self._key(f"rate:{dimension}:{subject}")

    def page(self, page_key: str) -> str:
        """Hash: a page's address, title, count of approved comments and version."""
        return self._key(f"page:{page_key}")

    def roots(self, page_key: str) -> str:
        """Sorted set by time: a page's top comments."""
        return self._key(f"page:{page_key}:roots")

    def thread(self, root_id: str) -> str:
        """Sorted set by time: every reply below one top comment."""
        return self._key(f"thread:{root_id}")


@lru_cache(maxsize=4096)
def page_key(page: str) -> str:
    """Return the 22-character key of a page, the same for all spellings of one URL.

    Scheme and host lose their capitals; the fragment, a final slash and tracking
    parameters (``utm_*`` and our own ``ecluse_*``) go. Anything else is kept.
    """
    digest = hashlib.sha256(normalised_page(page).encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def normalised_page(page: str) -> str:
    """Return the one spelling of a page's URL; what is no URL comes back as it is."""
    page = page.strip()
    if not page.lower().startswith(("http://", "https://")):
        return page
    try:
        parts = urlsplit(page)
    except ValueError:
        return page
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.startswith(("utm_", "ecluse_"))
    ]
    path = parts.path.rstrip("/") or "/"
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, urlencode(kept), ""))
