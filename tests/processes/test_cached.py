"""A cached property: computed once for each instance, and never behind a lock."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event, Thread

from service.cached import cached_property


@dataclass(frozen=True)
class Slow:
    name: str
    has_begun: Event
    may_end: Event

    @cached_property
    def looks(self) -> list[str]:
        """Say the name."""
        self.has_begun.set()
        assert self.may_end.wait(10)
        return [self.name]


def a_slow(name: str) -> Slow:
    return Slow(name, Event(), Event())


def test_it_is_computed_once_for_each_instance() -> None:
    one, other = a_slow("one"), a_slow("other")
    one.may_end.set()
    other.may_end.set()
    assert one.looks is one.looks
    assert (one.looks, other.looks) == (["one"], ["other"])
    assert Slow.looks.__doc__ == "Say the name."


def test_one_instance_does_not_wait_for_another() -> None:
    slow, quick = a_slow("slow"), a_slow("quick")
    quick.may_end.set()
    thread = Thread(target=lambda: slow.looks)
    thread.start()
    assert slow.has_begun.wait(10)
    assert quick.looks == ["quick"]
    slow.may_end.set()
    thread.join(10)
    assert slow.looks == ["slow"]
