"""Partial answers: the paths of the ``fields`` parameter, checked against the message they are of.

The form is Google's (developers.google.com, "Partial response"): paths with commas between, their
steps with ``/`` or ``.``, several below one step in parentheses, ``*`` for every entry of a table.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.compat.perspective.discovery import SCHEMAS
from service.schemas.perspective import camel

LONGEST = 2000
DEEPEST = 10
ANY = "*"
_SIGNS = "/.,()"
_TOKEN = re.compile(r"[/.,()]|[^/.,()]+")


class MaskBroken(ValueError):
    """Say at which path a mask cannot be read, or finds nothing that may be there."""


@dataclass(slots=True)
class Mask:
    """Hold what is wanted of a value: all of it, or of its entries what the mask of each says."""

    is_all: bool = False
    entries: dict[str, Mask] = field(default_factory=dict)

    def below(self, name: str) -> Mask:
        """Return the mask of an entry, made where there is none yet."""
        return self.entries.setdefault(name, Mask())

    def of_entry(self, name: str) -> Mask | None:
        """Return what is wanted of an entry, by its own name or as one of all; None: nothing."""
        own, each = self.entries.get(name), self.entries.get(ANY)
        if own is None or each is None:
            return own or each
        return Mask(own.is_all or each.is_all, {**each.entries, **own.entries})


def mask_of(text: str, message: str) -> Mask:
    """Return what ``text`` wants of a message of the discovery document.

    Raises ``MaskBroken``.
    """
    if len(text) > LONGEST:
        raise MaskBroken(text[:LONGEST])
    tokens = deque(token.strip() for token in _TOKEN.findall(text))
    mask = Mask()
    _read_paths(tokens, mask, 0)
    if tokens:
        raise MaskBroken(text)
    _check(mask, SCHEMAS[message], ())
    return mask


def masked(value: Any, mask: Mask) -> Any:
    """Return what a mask leaves of a value; tables of which nothing is left go too."""
    if mask.is_all:
        return value
    if isinstance(value, list):
        return [masked(item, mask) for item in value]
    wanted = ((name, item, mask.of_entry(name)) for name, item in value.items())
    found = {name: masked(item, own) for name, item, own in wanted if own is not None}
    return {name: left for name, left in found.items() if left != {}}


def _read_paths(tokens: deque[str], mask: Mask, depth: int) -> None:
    """Read paths with commas between, as far as they go, into a mask."""
    _read_path(tokens, mask, depth)
    while _takes(tokens, ","):
        _read_path(tokens, mask, depth)


def _read_path(tokens: deque[str], mask: Mask, depth: int) -> None:
    step = tokens.popleft() if tokens else ""
    if not step or step in _SIGNS or depth >= DEEPEST:
        raise MaskBroken(step + "".join(tokens))
    below = mask.below(camel(step))
    if _takes(tokens, "/") or _takes(tokens, "."):
        _read_path(tokens, below, depth + 1)
    elif _takes(tokens, "("):
        _read_paths(tokens, below, depth + 1)
        if not _takes(tokens, ")"):
            raise MaskBroken(step)
    else:
        below.is_all = True


def _takes(tokens: deque[str], sign: str) -> bool:
    """Take the next token if it is this sign, and say whether it was."""
    is_next = bool(tokens) and tokens[0] == sign
    if is_next:
        tokens.popleft()
    return is_next


def _check(mask: Mask, schema: Mapping[str, Any], path: tuple[str, ...]) -> None:
    """Raise ``MaskBroken`` for the first path that leads to nothing a message may hold."""
    while "$ref" in schema or "items" in schema:
        schema = SCHEMAS[schema["$ref"]] if "$ref" in schema else schema["items"]
    every = schema.get("additionalProperties")
    known = schema.get("properties", {})
    for name, below in mask.entries.items():
        here = (*path, name)
        if every is not None or name in known:
            _check(below, every or known[name], here)
        elif not (name == ANY and known and not below.entries):
            raise MaskBroken(".".join(here))
