"""Posting JSON to addresses that others named: no way into the network this runs in.

Every address a name stands for is looked at before one is connected to, and that very one is:
a name that answers differently a moment later leads nowhere else. No redirect is followed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import orjson
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry, Timeout
from urllib3.exceptions import HTTPError

MOST_BYTES = 65_536
_PORTS = {"http": 80, "https": 443}
# Names that can only stand for something near: RFC 6761, RFC 6762, RFC 8375, and ICANN's .internal.
_NEAR = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")


class PostFailed(Exception):
    """Say that no answer came."""


class AddressForbidden(Exception):
    """Say that a name leads into a private network."""


def post_json(
    url: str,
    body: object,
    headers: Mapping[str, str],
    timeout_s: float,
    *,
    may_be_private: bool = False,
) -> tuple[int, bytes]:
    """Return the status of the answer and its first 64 KiB.

    ``may_be_private`` lets a public name lead to a private address; one that is private
    by itself (``localhost``, ``wordpress``, ``10.0.0.7``) always may.

    Raises ``PostFailed`` or ``AddressForbidden``.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise PostFailed("not a web address") from None
    address = _address_of(host, port, may_be_private=may_be_private or is_private_by_name(host))
    pool = _pool(parts, address, port, timeout_s)
    said = {"Content-Type": "application/json", "Host": parts.netloc.rpartition("@")[2], **headers}
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        with pool:
            answer = pool.urlopen(
                "POST", target, orjson.dumps(body), said,
                redirect=False, preload_content=False, assert_same_host=False,
            )  # fmt: skip
            try:
                return answer.status, answer.read(MOST_BYTES)
            finally:
                answer.close()
    except (HTTPError, OSError, ValueError) as error:
        raise PostFailed(type(error).__name__) from None


def is_private_by_name(host: str) -> bool:
    """Say whether a name can only stand for something in this network: who chose it meant that."""
    name = host.lower().rstrip(".")
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(_NEAR)
    return True


def _address_of(host: str, port: int, *, may_be_private: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise PostFailed("no such host") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not may_be_private and not all(map(_is_public, addresses)):
        raise AddressForbidden(host)
    return addresses[0]


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global and not parsed.is_multicast


def _pool(parts: SplitResult, address: str, port: int, timeout_s: float) -> HTTPConnectionPool:
    timeout, never = Timeout(total=timeout_s), Retry(0, redirect=False)
    if parts.scheme == "http":
        return HTTPConnectionPool(address, port, timeout=timeout, retries=never)
    name = parts.hostname
    return HTTPSConnectionPool(
        address, port, timeout=timeout, retries=never, server_hostname=name, assert_hostname=name
    )
