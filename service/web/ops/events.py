"""Server-sent events, as they are written.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import re

LINE_END = re.compile("\r\n|\r|\n")
RETRY_MS = 1_000
"""How long a browser waits before it asks for the next stream."""


def event(name: str, data: str, edition: str = "") -> bytes:
    """Return one event; ``edition`` is what a browser sends back when it asks again."""
    lines = [f"event: {name}", f"retry: {RETRY_MS}", *([f"id: {edition}"] if edition else [])]
    lines += [f"data: {line}" for line in LINE_END.split(data)]
    return "\n".join((*lines, "", "")).encode()


STILL = event("still", "")
"""Nothing has changed: a script hears this, as it does not hear a comment."""
