"""DNS may say that a domain takes no mail; that it cannot be asked is never a refusal."""

from __future__ import annotations

import threading
from typing import Any

import dns.exception
import dns.name
import dns.resolver
import pytest

import service.api.deliverability as deliverability
from service.api.deliverability import Deliverability
from tests.api.house import House, errors_of


class Resolver:
    """Stand in for DNS, which is not ours: answer each kind of record as told."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    def resolve(self, domain: str, kind: str) -> Any:
        self.asked.append((domain, kind))
        answer = self.answers.get(kind, dns.resolver.NoAnswer)
        if isinstance(answer, type):
            raise answer
        return answer


class Mx:
    preference = 10
    exchange = dns.name.from_text("mx.example.org.")


class NullMx:
    preference = 0
    exchange = dns.name.root


def asking(house: House, resolver: Any) -> House:
    house.replace(deliverability=Deliverability(is_on=True, resolver=resolver))
    return house


@pytest.mark.parametrize(
    "answers",
    [{"MX": dns.resolver.NXDOMAIN}, {"MX": [NullMx()]}, {}],
    ids=["no such domain", "null MX", "no mail record"],
)
def test_a_domain_that_takes_no_mail_is_refused(house: House, answers: dict[str, Any]) -> None:
    answer = asking(house, Resolver(**answers)).post(lang="en")
    assert errors_of(answer) == {"email": "This e-mail domain takes no mail."}
    assert house.stored() == 0


@pytest.mark.parametrize(
    "failure",
    [
        dns.resolver.NoNameservers,
        dns.resolver.LifetimeTimeout,
        dns.exception.Timeout,
        dns.resolver.NoResolverConfiguration,
        dns.resolver.YXDOMAIN,
        OSError,
        ValueError,
    ],
    ids=lambda failure: failure.__name__,
)
def test_a_failure_of_dns_is_never_a_refusal(house: House, failure: type[Exception]) -> None:
    assert asking(house, Resolver(MX=failure)).post().status_code == 202


def test_a_machine_without_nameservers_refuses_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_configuration(**_options: Any) -> Any:
        raise dns.resolver.NoResolverConfiguration

    monkeypatch.setattr(deliverability, "caching_resolver", no_configuration)
    assert asking(house, None).post().status_code == 202


def test_a_domain_with_a_mail_server_passes(house: House) -> None:
    resolver = Resolver(MX=[Mx()])
    assert asking(house, resolver).post(email="claire@exämple.org").status_code == 202
    assert resolver.asked[0] == ("xn--exmple-cua.org", "MX")


def test_an_answer_that_does_not_come_is_not_waited_for(house: House) -> None:
    has_answered, may_answer = threading.Event(), threading.Event()

    class Silent:
        def resolve(self, _domain: str, _kind: str) -> Any:
            may_answer.wait(60)
            has_answered.set()
            raise dns.resolver.NXDOMAIN

    try:
        assert asking(house, Silent()).post().status_code == 202
        assert not has_answered.is_set()
    finally:
        may_answer.set()


def test_the_wait_is_two_seconds_at_most() -> None:
    assert deliverability.LIMIT_S <= 2


def test_dns_is_not_asked_unless_switched_on(house: House) -> None:
    resolver = Resolver(MX=dns.resolver.NXDOMAIN)
    house.replace(deliverability=Deliverability(is_on=False, resolver=resolver))
    assert house.post().status_code == 202
    assert resolver.asked == []


def test_dns_is_not_asked_about_what_is_no_address_or_none(house: House) -> None:
    resolver = Resolver(MX=dns.resolver.NXDOMAIN)
    house.change_site(required=frozenset())
    asking(house, resolver)
    assert house.post(email=None).status_code == 202
    assert house.post(email="nobody").status_code == 422
    assert resolver.asked == []
