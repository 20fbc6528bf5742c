"""Bans: whose comments a site refuses at the door, or takes and lets nobody see.

Each process keeps the bans of the sites it serves in memory, as tables that answer in the
same time whether there are ten or ten thousand, and asks every two seconds whether they
changed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import orjson

from service.store.keys import SiteKeys
from service.store.networks import address_of
from service.store.scripts import script
from service.store.sealing import Personal, SealBroken, Vault
from service.store.server.connection import Client
from service.store.sites import CACHE_S

MOST_BANS = 10_000
WIDEST = {4: 8, 6: 16}
"""The shortest prefix of a range, by IP version: a slip must not ban everybody."""
_MAPPED_BITS = 96
REFUSED = "banned"
"""The counter of comments refused at the door for a ban."""
_FOR_GOOD = float("inf")

logger = logging.getLogger(__name__)


class BansFull(Exception):
    """Say that a site has as many bans as it may."""


class BanInvalid(ValueError):
    """Say that what is to be banned is not of its kind."""


class By(StrEnum):
    """Name what a ban knows people by."""

    EMAIL = "email"
    IP = "ip"
    DOMAIN = "domain"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Hold what a comment's author shows of themselves at the door."""

    email: str = ""
    ip: str = ""
    author_id: str = ""


@dataclass(frozen=True, slots=True)
class Ban:
    """Hold one ban. As stored, the ``value`` of one e-mail or one address is sealed, in hex.

    With ``is_shadow`` its author is not to know. ``until_ms`` is None for good.
    """

    id: str
    by: By
    value: str
    is_shadow: bool
    until_ms: int | None
    reason: str
    actor: str
    at_ms: int
    is_sealed: bool = False

    def is_over(self, now_ms: int) -> bool:
        """Say whether its time has passed."""
        return self.until_ms is not None and self.until_ms <= now_ms


@dataclass(frozen=True)
class Table:
    """Hold a site's bans as they are looked up; what is sealed in them stays so.

    ``named`` holds those of one e-mail, domain, author or address by their ids, which are
    made of what they name; ``kinds`` says which of these there are. ``ranges`` holds the
    others, each network by its number below IP version and length: one look for each length.
    """

    edition: int = 0
    named: Mapping[str, Ban] = field(default_factory=dict)
    kinds: frozenset[By] = frozenset()
    ranges: Mapping[tuple[int, int], Mapping[int, Ban]] = field(default_factory=dict)

    def around(self, address: IPv4Address | IPv6Address) -> Iterator[Ban]:
        """Yield the bans of ranges that the address is in."""
        number, bits = int(address), address.max_prefixlen
        for (version, length), networks in self.ranges.items():
            if version == address.version:
                ban = networks.get(number >> (bits - length))
                if ban is not None:
                    yield ban


class Bans:
    """Keep the sites' bans; what is matched may be two seconds old, but not on this process."""

    def __init__(
        self, client: Client, vault: Vault, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._vault = vault
        self._clock = clock
        self._tables: dict[str, tuple[float, Table]] = {}
        self._changes = 0
        self._ban = script("ban")
        self._lift = script("lift")

    def add(
        self,
        site: str,
        by: By,
        value: str,
        actor: str,
        now_ms: int,
        *,
        is_shadow: bool = False,
        until_ms: int | None = None,
        reason: str = "",
    ) -> Ban:
        """Ban somebody; another ban of the same is replaced.

        ``value`` is an e-mail address, an IP address or range (CIDR), a domain, of which
        every sub-domain is meant too, or an author's id.

        Raises ``BanInvalid`` or ``BansFull``.
        """
        value = normalised(by, value)
        ban_id = self._id(by, value)
        ban = Ban(ban_id, by, value, is_shadow, until_ms, reason, actor, now_ms)
        if not self._keep(site, ban, []):
            over = [each.id for each in self.list(site) if each.is_over(now_ms)]
            if not over or not self._keep(site, ban, over):
                raise BansFull
        self._look_again(site)
        return ban

    def lift(self, site: str, ban_id: str, actor: str) -> bool:
        """End a ban; return whether there was one."""
        keys = SiteKeys(site)
        names = [keys.bans, keys.bans_edition, keys.audit]
        is_lifted = bool(self._lift(self._client, names, [ban_id, actor]))
        self._look_again(site)
        return is_lifted

    def list(self, site: str) -> tuple[Ban, ...]:
        """Return a site's bans, newest first; those whose time has passed too."""
        found: Any = self._client.hgetall(SiteKeys(site).bans)
        bans = (self._opened(ban) for ban in self._read(found))
        return tuple(sorted(bans, key=lambda ban: -ban.at_ms))

    def match(self, site: str, visitor: Visitor, now_ms: int) -> Ban | None:
        """Return the ban in force that means the visitor, what is sealed in it sealed, or None.

        Of several the plain one counts, and of those the longest.
        """
        table = self._table(site)
        if not table.named and not table.ranges:
            return None
        found = [ban for ban in self._meaning(table, visitor) if not ban.is_over(now_ms)]
        return max(found, key=_weight) if found else None

    def count_refused(self, site: str) -> None:
        """Count a comment that was refused at the door."""
        self._client.hincrby(SiteKeys(site).counters, REFUSED, 1)

    def _keep(self, site: str, ban: Ban, over: Sequence[str]) -> bool:
        """Write a ban down in the room that those ``over`` leave; return whether there was any."""
        keys = SiteKeys(site)
        told = {
            "by": ban.by, "actor": ban.actor, "shadow": ban.is_shadow, "until": ban.until_ms,
            "reason": ban.reason,
        }  # fmt: skip
        answer = self._ban(
            self._client,
            [keys.bans, keys.bans_edition, keys.audit],
            [ban.id, self._stored(ban), orjson.dumps(told), MOST_BANS, *over],
        )
        return bool(answer == b"done")

    def _id(self, by: By, value: str) -> str:
        return self._vault.lookup("ban", f"{by}:{value}")

    def _meaning(self, table: Table, visitor: Visitor) -> Iterator[Ban]:
        """Yield every ban that means the visitor."""
        address = address_of(visitor.ip) if table.ranges or By.IP in table.kinds else None
        for by, value in _names(visitor, str(address or "")):
            ban = table.named.get(self._id(by, value)) if by in table.kinds else None
            if ban is not None:
                yield ban
        if address is not None:
            yield from table.around(address)

    def _table(self, site: str) -> Table:
        cached = self._tables.get(site)
        if cached is not None and self._clock() - cached[0] < CACHE_S:
            return cached[1]
        changes = self._changes
        table = self._fresh(site, cached[1] if cached else Table())
        # What another thread changed meanwhile must not be covered by what was read before.
        if changes == self._changes:
            self._tables[site] = (self._clock(), table)
        return table

    def _look_again(self, site: str) -> None:
        self._changes += 1
        self._tables.pop(site, None)

    def _fresh(self, site: str, known: Table) -> Table:
        """Return the table as the store has it now; it is only read where it changed."""
        keys = SiteKeys(site)
        stored: Any = self._client.get(keys.bans_edition)
        edition = int(stored or 0)
        if edition == known.edition:
            return known
        found: Any = self._client.hgetall(keys.bans)
        return replace(table_of(self._read(found)), edition=edition)

    def _stored(self, ban: Ban) -> bytes:
        """Return a ban as it is stored, what is personal in it sealed."""
        is_personal = ban.by is By.EMAIL or (ban.by is By.IP and "/" not in ban.value)
        kept: dict[str, Any] = {
            "by": ban.by,
            "shadow": ban.is_shadow,
            "until": ban.until_ms,
            "reason": ban.reason,
            "actor": ban.actor,
            "at": ban.at_ms,
        }
        if is_personal:
            kept["value"] = self._vault.seal(Personal(ban.value, ""), ban.id).hex()
            kept["sealed"] = True
        else:
            kept["value"] = ban.value
        return orjson.dumps(kept)

    def _read(self, found: Mapping[bytes, bytes]) -> Iterator[Ban]:
        for name, raw in found.items():
            try:
                yield _ban_from(name.decode(), orjson.loads(raw))
            except (KeyError, ValueError):
                logger.exception("a ban cannot be read", extra={"ban": name.decode()})

    def _opened(self, ban: Ban) -> Ban:
        """Return a ban with its value in clear, or empty where no key opens it any more."""
        if not ban.is_sealed:
            return ban
        try:
            value = self._vault.open(bytes.fromhex(ban.value), ban.id).email
        except (SealBroken, ValueError):
            value = ""
        return replace(ban, value=value, is_sealed=False)


def normalised(by: By, value: str) -> str:
    """Return the one spelling of what is to be banned.

    Raises ``BanInvalid``.
    """
    value = value.strip()
    if by is By.IP:
        return normalised_range(value)
    if by is By.EMAIL:
        value = value.lower()
        if "@" not in value:
            raise BanInvalid(by)
    if by is By.DOMAIN:
        value = value.lower().lstrip("@").strip(".")
        if "." not in value or "@" in value or " " in value:
            raise BanInvalid(by)
    if not value:
        raise BanInvalid(by)
    return value


def table_of(bans: Iterable[Ban]) -> Table:
    """Return the table in which the bans are looked up."""
    named: dict[str, Ban] = {}
    ranges: dict[tuple[int, int], dict[int, Ban]] = {}
    for ban in bans:
        if ban.by is By.IP and "/" in ban.value:
            network = ip_network(ban.value)
            number = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
            ranges.setdefault((network.version, network.prefixlen), {})[number] = ban
        else:
            named[ban.id] = ban
    kinds = frozenset(ban.by for ban in named.values())
    return Table(named=named, kinds=kinds, ranges=ranges)


def _ban_from(ban_id: str, data: Mapping[str, Any]) -> Ban:
    return Ban(
        id=ban_id,
        by=By(data["by"]),
        value=data["value"],
        is_shadow=data["shadow"],
        until_ms=data["until"],
        reason=data["reason"],
        actor=data["actor"],
        at_ms=data["at"],
        is_sealed=data.get("sealed", False),
    )


def _names(visitor: Visitor, address: str) -> Iterator[tuple[By, str]]:
    """Yield all that a ban may name the visitor by."""
    if address:
        yield By.IP, address
    if visitor.author_id:
        yield By.AUTHOR, visitor.author_id
    if not visitor.email:
        return
    email = visitor.email.lower()
    yield By.EMAIL, email
    domain = email.rpartition("@")[2]
    while domain:
        yield By.DOMAIN, domain
        domain = domain.partition(".")[2]


def normalised_range(value: str) -> str:
    """Return the one spelling of an IP address or a range.

    Raises ``BanInvalid``, also where a range is too wide.
    """
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        raise BanInvalid(By.IP) from None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= _MAPPED_BITS:
        network = ip_network((mapped, network.prefixlen - _MAPPED_BITS))
    if network.prefixlen < WIDEST[network.version]:
        raise BanInvalid(By.IP)
    is_single = network.prefixlen == network.max_prefixlen
    return str(network.network_address if is_single else network)


def _weight(ban: Ban) -> tuple[bool, float]:
    return not ban.is_shadow, _FOR_GOOD if ban.until_ms is None else ban.until_ms
