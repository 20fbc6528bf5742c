"""Internet addresses: how each is read, and the network that stands for one person."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

IPV6_HOUSE_BITS = 64
"""One household or server has a network of this size at least (RFC 6177)."""
NEIGHBOURHOOD_BITS = {4: 24, 6: 48}
"""The smallest network that providers announce to each other, by IP version (RFC 7454, 6.1.3)."""


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in ``text``, or None; one of IPv4 in the clothes of IPv6 as what it is."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def network_of(text: str) -> str:
    """Return what stands for one person: an IPv4 address, or the /64 of an IPv6 address.

    What is no address comes back as it is.
    """
    found = address_of(text)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found), IPV6_HOUSE_BITS), strict=False))
    return str(found or text)


def is_within(text: str, network: str) -> bool:
    """Say whether the address in ``text`` is ``network``, or in it (CIDR)."""
    found = address_of(text)
    return found is not None and found in ip_network(network)


def neighbourhood_of(text: str) -> str:
    """Return the network of a person's neighbours, or nothing for what is no address."""
    found = address_of(text)
    if found is None:
        return ""
    return str(ip_network((int(found), NEIGHBOURHOOD_BITS[found.version]), strict=False))
