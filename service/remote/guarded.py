"""Posting to addresses that others named: no way into the network this runs in.

Every address a name stands for is looked at before one is connected to, and that very one is:
a name that answers differently a moment later leads nowhere else. No redirect is followed.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from http.client import HTTPConnection, HTTPException
from urllib.parse import SplitResult, urlsplit

import orjson

MOST_BYTES = 65_536
_PORTS = {"http": 80, "https": 443}
# Names that can only stand for something near: RFC 6761, RFC 6762, RFC 8375, and ICANN's .internal.
_NEAR = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")
# Networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052, RFC 8215), "IPv4-compatible"
# (RFC 4291, section 2.5.5.1) and "IPv4-translated" addresses (RFC 2765, section 2.1).
_WRAPPING = tuple(
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "::ffff:0:0:0/96"))
)
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold an answer: its status, the first 64 KiB of its body, its ``Retry-After`` or nothing."""

    status: int
    body: bytes
    retry_after: str = ""


class PostFailed(Exception):
    """Say that no answer came."""


class AddressForbidden(Exception):
    """Say that a name leads into a private network."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
    *,
    may_be_private: bool = False,
) -> Reply:
    """Return the answer, all within ``timeout_s``.

    Looking a name up has the resolver's own limits. Raises ``PostFailed``, or
    ``AddressForbidden`` unless ``may_be_private``.
    """
    parts, host, port = _parts_of(url)
    addresses = _addresses_of(host, port, may_be_private=may_be_private)
    said = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": "Ecluse", **headers}
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    until = time.monotonic() + timeout_s
    try:
        with closing(_connected(addresses, port, until)) as raw, _ending(raw, until):
            connection = HTTPConnection(host, port)
            connection.sock = _secured(raw, host) if parts.scheme == "https" else raw
            with closing(connection):
                connection.request("POST", target, body, said)
                answer = connection.getresponse()
                waits = answer.getheader("Retry-After", "")
                return Reply(answer.status, answer.read(MOST_BYTES), waits)
    except (OSError, HTTPException, ValueError, AttributeError) as error:
        name = "TimeoutError" if time.monotonic() >= until else type(error).__name__
        raise PostFailed(name) from None


def post_json(
    url: str,
    body: object,
    headers: Mapping[str, str],
    timeout_s: float,
    *,
    may_be_private: bool = False,
) -> Reply:
    """Return the answer to some JSON.

    ``may_be_private`` lets a public name lead to a private address; one that is private
    by itself (``localhost``, ``wordpress``, ``10.0.0.7``) always may.

    Raises ``PostFailed`` or ``AddressForbidden``.
    """
    _, host, _ = _parts_of(url)
    may_be_private = may_be_private or is_private_by_name(host)
    said = {"Content-Type": "application/json", **headers}
    return post(url, orjson.dumps(body), said, timeout_s, may_be_private=may_be_private)


def is_private_by_name(host: str) -> bool:
    """Say whether a name can only stand for something in this network: who chose it meant that."""
    name = host.lower().rstrip(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(_NEAR)
    return True


def is_public(address: str) -> bool:
    """Say whether an IP address, and one that it wraps, can be reached from everywhere."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return all(map(_is_everywhere, (parsed, *_within(parsed))))


def _is_everywhere(address: _Address) -> bool:
    is_near = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not address.is_multicast and not is_near


def _within(address: _Address) -> Iterator[_Address]:
    """Yield the IPv4 addresses that an IPv6 address leads to on its way out."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    teredo = address.teredo or ()
    for each in (address.ipv4_mapped, address.sixtofour, *teredo):
        if each is not None:
            yield each
    if any(address in network for network in _WRAPPING):
        yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def _parts_of(url: str) -> tuple[SplitResult, str, int]:
    try:
        parts = urlsplit(url)
        return parts, parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise PostFailed("not a web address") from None


def _addresses_of(host: str, port: int, *, may_be_private: bool) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise PostFailed("no such host") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not may_be_private and not all(map(is_public, addresses)):
        raise AddressForbidden(host)
    return addresses


def _connected(addresses: list[str], port: int, until: float) -> socket.socket:
    """Return a connection to the first address that takes one."""
    for place, address in enumerate(addresses):
        left_s = max(until - time.monotonic(), 0.001) / (len(addresses) - place)
        try:
            return socket.create_connection((address, port), left_s)
        except OSError:
            if place == len(addresses) - 1:
                raise
    raise OSError("no address")


def _secured(raw: socket.socket, host: str) -> ssl.SSLSocket:
    return _context().wrap_socket(raw, server_hostname=host)


@contextmanager
def _ending(raw: socket.socket, until: float) -> Iterator[None]:
    """Cut the connection when its time is over: each byte that drips in would begin it anew."""
    raw.settimeout(max(until - time.monotonic(), 0.001))
    handle = raw.dup()  # a secured socket takes the other one's place

    def cut() -> None:
        try:
            handle.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    timer = threading.Timer(max(until - time.monotonic(), 0.0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        handle.close()


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()
