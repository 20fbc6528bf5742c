"""Sessions: who is signed in, since when, from which browser, and how they end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from service.store import keys
from service.store.server.connection import Client
from service.store.tokens import digest, fresh_token

PREFIX = "es_"
SEEN_EVERY_MS = 60_000
"""How often at most it is written down that a session was used."""
MOST_SESSIONS = 50
"""What one account may hold; the oldest ends when there is one more."""
BROWSER_CHARS = 80


@dataclass(frozen=True, slots=True)
class Visit:
    """Hold what is known of a caller: the time, the browser in a few words, the address hashed."""

    now_ms: int
    browser: str = ""
    ip_key: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """Hold one session; ``id`` is the hash of its token and opens nothing."""

    id: str
    name: str
    generation: int
    opened_ms: int
    seen_ms: int
    browser: str


class Sessions:
    """Open, find, list and end sessions."""

    def __init__(self, client: Client, *, ttl_s: int, idle_s: int) -> None:
        self._client = client
        self._ttl_s = ttl_s
        self._idle_s = min(idle_s, ttl_s)

    def open(self, name: str, generation: int, visit: Visit) -> str:
        """Return the token of a new session; the account's oldest beyond 50 ends."""
        token = fresh_token(PREFIX)
        session_id = digest(token)
        fields: Any = {
            "name": name,
            "generation": generation,
            "opened": visit.now_ms,
            "seen": visit.now_ms,
            "browser": visit.browser[:BROWSER_CHARS],
        }
        pipe = self._client.pipeline(transaction=False)
        pipe.hset(keys.session(session_id), mapping=fields)
        pipe.expire(keys.session(session_id), self._idle_s)
        pipe.zadd(keys.sessions_of(name), {session_id: visit.now_ms})
        pipe.expire(keys.sessions_of(name), self._ttl_s)
        pipe.zrange(keys.sessions_of(name), 0, -MOST_SESSIONS - 1)
        self._end(name, pipe.execute()[-1])
        return token

    def find(self, token: str, now_ms: int) -> Session | None:
        """Return the session a token opens, or None; one round trip."""
        session_id = digest(token)
        stored: Any = self._client.hgetall(keys.session(session_id))
        return self._alive(session_id, stored, now_ms)

    def note_seen(self, pipe: Any, session: Session, now_ms: int) -> None:
        """Write into ``pipe`` that a session is used, if that was not done in the last minute."""
        if now_ms - session.seen_ms < SEEN_EVERY_MS:
            return
        left_s = self._ttl_s - (now_ms - session.opened_ms) // 1000
        pipe.hset(keys.session(session.id), "seen", now_ms)
        pipe.expire(keys.session(session.id), max(1, min(self._idle_s, left_s)))

    def of(self, name: str, generation: int, now_ms: int) -> list[Session]:
        """Return an account's open sessions, the last used first; forget those that ended."""
        ids = self._ids(name)
        pipe = self._client.pipeline(transaction=False)
        for session_id in ids:
            pipe.hgetall(keys.session(session_id))
        found = zip(ids, pipe.execute(), strict=True)
        alive = [self._alive(session_id, stored, now_ms) for session_id, stored in found]
        kept = [each for each in alive if each and each.generation == generation]
        ended = set(ids) - {each.id for each in kept}
        self._end(name, sorted(ended))
        return sorted(kept, key=lambda each: each.seen_ms, reverse=True)

    def end_by_token(self, token: str) -> None:
        """End the session a token opens."""
        session_id = digest(token)
        name: Any = self._client.hget(keys.session(session_id), "name")
        if name:
            self._end(name.decode(), [session_id])

    def end(self, name: str, session_id: str) -> bool:
        """End one of an account's sessions; say whether it was one."""
        if not self._client.zrem(keys.sessions_of(name), session_id):
            return False
        self._client.delete(keys.session(session_id))
        return True

    def end_all(self, name: str, but: str = "") -> None:
        """End an account's sessions, except the one with the id ``but``."""
        self._end(name, [each for each in self._ids(name) if each != but])

    def _ids(self, name: str) -> list[str]:
        found: Any = self._client.zrange(keys.sessions_of(name), 0, -1)
        return [each.decode() for each in found]

    def _end(self, name: str, ids: list[Any]) -> None:
        if not ids:
            return
        texts = [each.decode() if isinstance(each, bytes) else each for each in ids]
        pipe = self._client.pipeline(transaction=False)
        for each in texts:
            pipe.delete(keys.session(each))
        pipe.zrem(keys.sessions_of(name), *texts)
        pipe.execute()

    def _alive(self, session_id: str, stored: dict[bytes, bytes], now_ms: int) -> Session | None:
        if b"name" not in stored:
            return None
        found = Session(
            id=session_id,
            name=stored[b"name"].decode(),
            generation=int(stored[b"generation"]),
            opened_ms=int(stored[b"opened"]),
            seen_ms=int(stored[b"seen"]),
            browser=stored[b"browser"].decode(),
        )
        is_old = now_ms - found.opened_ms >= self._ttl_s * 1000
        is_idle = now_ms - found.seen_ms >= self._idle_s * 1000
        return None if is_old or is_idle else found
