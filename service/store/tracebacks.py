"""Tracebacks as they may be kept: frames whole, messages masked where they may quote a visitor."""

from __future__ import annotations

import re

from config.masking import masked

MASK = "[masked]"
MOST_LINES = 200
MOST_CHARS = 500
TOLD = frozenset(
    {
        "AttributeError",
        "BlockingIOError",
        "BrokenPipeError",
        "ConnectionError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "EOFError",
        "FileNotFoundError",
        "ImportError",
        "IsADirectoryError",
        "MemoryError",
        "ModuleNotFoundError",
        "NameError",
        "NotImplementedError",
        "OSError",
        "PermissionError",
        "RecursionError",
        "TimeoutError",
        "UnboundLocalError",
        "ZeroDivisionError",
    }
)
"""Exceptions of Python whose message tells of code or of the machine, never of a value."""
TOLD_MODULES = ("redis.exceptions.", "rq.", "service.store.", "workers.guard.")

_FRAME = re.compile(r'  (?:  )*File "')
_CODE = re.compile(r"    +\S")
_HEADING = re.compile(
    r"Traceback \(most recent call last\):$"
    r"|During handling of the above exception, another exception occurred:$"
    r"|The above exception was the direct cause of the following exception:$"
)
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]*)(?:: (.*))?$")


def masked_traceback(text: str) -> str:
    """Return a traceback with its frames, and of the exceptions' messages those that tell nothing
    of a visitor.

    A message is kept where its kind can only tell of code or of a server; e-mail and IP
    addresses go even there. Lines that are neither frame, heading nor exception go: they are
    the rest of a message.
    """
    kept: list[str] = []
    is_frame = False
    for line in text.splitlines():
        if _FRAME.match(line):
            kept.append(line)
            is_frame = True
        elif is_frame and _CODE.match(line):
            kept.append(line)
        elif _HEADING.match(line) or not line:
            kept.append(line)
            is_frame = False
        elif is_frame or not kept:
            kept.append(_masked_exception(line))
            is_frame = False
    return "\n".join(kept[-MOST_LINES:]).strip("\n")


def exception_of(text: str) -> str:
    """Return the type of the last exception of a traceback, without its module."""
    for line in reversed(masked_traceback(text).splitlines()):
        found = _EXCEPTION.match(line)
        if found:
            return found[1].rpartition(".")[2]
    return ""


def _masked_exception(line: str) -> str:
    found = _EXCEPTION.match(line)
    if found is None:
        return MASK
    name, message = found[1], found[2]
    if not message:
        return name
    is_told = name in TOLD or name.startswith(TOLD_MODULES)
    return f"{name}: {masked(message[:MOST_CHARS]) if is_told else MASK}"
