"""The processes of a running service, and the memory they hold, from /proc (proc(5))."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

_PSS = re.compile(r"^Pss:\s+(\d+) kB$", re.MULTILINE)
PARTS = {"valkey": "server", "service.cli web": "web", "workers.runner": "workers",
         "workers.scheduler": "scheduler"}  # fmt: skip


def memory_by_part(pid: int) -> dict[str, int]:
    """Return the bytes each part of an `ecluse up` holds, itself included.

    A page that several processes share counts for each by its share (Pss), so that what a
    worker got from its parent by forking is not counted twice.
    """
    found: dict[str, int] = {}
    for each, part in _parts(pid).items():
        found[part] = found.get(part, 0) + _pss(each)
    return found


def _parts(pid: int) -> dict[int, str]:
    """Return every process below ``pid`` with its part: its own, or that of who started it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = entry.read_text("utf-8", "replace").rpartition(")")[2].split()
            parents[int(entry.parent.name)] = int(fields[1])
    found, more = {pid: "up"}, [pid]
    while more:
        above = more.pop()
        for each in [child for child, parent in parents.items() if parent == above]:
            found[each] = _part_of(each) or found[above]
            more.append(each)
    return found


def _part_of(pid: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return next((part for mark, part in PARTS.items() if mark in words), "")
    return ""


def _pss(pid: int) -> int:
    with suppress(OSError):
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8"))
        return int(found[1]) * 1024 if found else 0
    return 0
