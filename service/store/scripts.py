"""The Lua scripts of the store, each beside its caller, called by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from redis.exceptions import NoScriptError

from service.store.server.connection import Client
from service.store.server.line import Line
from service.store.server.watched import wait_until_told

Argument = str | bytes | int | float


SHOWING = frozenset({"transition", "upkeep/recount_thread"})
"""Parts of scripts that change what is remembered of pages (threads.py)."""


@dataclass(frozen=True, slots=True)
class Script:
    """Hold one script's text and its SHA-1, by which a server knows it.

    ``is_watched``: it changes what others remember until they are told.
    """

    text: str
    digest: str
    is_watched: bool = False

    def over(self, line: Line, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """Run the script over a thread's own connection."""
        try:
            return line.send("EVALSHA", self.digest, len(keys), *keys, *arguments)
        except NoScriptError:
            return line.send("EVAL", self.text, len(keys), *keys, *arguments)

    def __call__(self, client: Client, keys: Sequence[str], arguments: Sequence[Argument]) -> Any:
        """Run the script, sending its text only to a server that has not seen it.

        When it returns, whoever watches what it changed has been told.
        """
        try:
            answer: Any = client.evalsha(self.digest, len(keys), *keys, *arguments)
        except NoScriptError:
            answer = client.eval(self.text, len(keys), *keys, *arguments)
        if self.is_watched:
            wait_until_told(client)
        return answer


@cache
def script(*names: str) -> Script:
    """Return the script made of the named ``.lua`` files, in order."""
    folder = resources.files("service.store")
    text = "\n".join(folder.joinpath(f"{name}.lua").read_text("utf-8") for name in names)
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(text, digest, is_watched=not SHOWING.isdisjoint(names))
