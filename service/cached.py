"""A property that is computed once for each instance, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Made = TypeVar("Made")


class _Cached(Generic[Made]):
    def __init__(self, make: Callable[[Any], Made]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Made: ...

    def __get__(self, instance: object | None, owner: type) -> Self | Made:
        if instance is None:
            return self
        made = instance.__dict__[self._name] = self._make(instance)
        return made


def cached_property(make: Callable[[Any], Made]) -> _Cached[Made]:
    """Compute ``make`` at the first look, as ``functools.cached_property`` does from 3.12 on.

    Python 3.11's holds one lock for all instances while it computes: threads that judge
    different comments waited for each other. Two threads that look at the same instance
    may both compute.
    """
    return _Cached(make)
