"""One person by their address: the same rule for reports, sign-ins and bans."""

from __future__ import annotations

import pytest

from service.store.networks import is_within, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_one_household_counts_as_one_caller(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("address", "network", "is_in"),
    [
        ("192.0.2.7", "192.0.2.0/24", True),
        ("::ffff:192.0.2.7", "192.0.2.0/24", True),
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.3.7", "192.0.2.0/24", False),
        ("2001:db8::1", "192.0.2.0/24", False),
        ("2001:db8::1", "2001:db8::/48", True),
        ("", "192.0.2.0/24", False),
    ],
)
def test_an_address_is_within_a_range_or_not(address: str, network: str, is_in: bool) -> None:
    assert is_within(address, network) is is_in
