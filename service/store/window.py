"""A site's duplicate window: one line for each comment that others may copy."""

from __future__ import annotations

import logging
import struct
from collections.abc import Sequence

import numpy as np

from service.moderation.batch import Batch, Recent
from service.moderation.fingerprint import SIZE

# Author's key and page, each hashed to 64 bits, between the fingerprint and the comment's id.
_KEYS = struct.Struct("<QQ")
ID_AT = SIZE + _KEYS.size
_DTYPE = np.dtype([("print", np.uint8, SIZE), ("author", "<u8"), ("page", "<u8")])

logger = logging.getLogger(__name__)


def window_lines(batch: Batch) -> list[bytes]:
    """Return each case's line, empty for staff, who may say the same to everybody.

    A text too short to compare has a line too, of zeros, which takes an edited comment's
    earlier line out of the window; ``is_needed`` tells the two apart.
    """
    try:
        traces = batch.traces
    except Exception:
        logger.exception("no fingerprints for a batch")
        return [b""] * len(batch)
    prints = traces.fingerprints
    keys = zip(traces.authors.tolist(), traces.pages.tolist(), strict=True)
    rows = zip(batch.cases, prints, keys, strict=True)
    return [
        b"" if case.comment.is_staff
        else row.tobytes() + _KEYS.pack(*pair) + case.comment.id.encode()
        for case, row, pair in rows
    ]  # fmt: skip


def is_needed(line: bytes, revision: int) -> bool:
    """Return whether the window has a use for ``line``: it says something, or unsays it."""
    return bool(line) and (revision > 0 or any(line[:SIZE]))


def recent_from(lines: Sequence[bytes]) -> Recent:
    """Return the window in ``lines``, oldest first, of each comment its latest line alone.

    Lines of another length, which an earlier release wrote, are left out.
    """
    latest: dict[bytes, bytes] = {}
    for line in lines:
        if len(line) > ID_AT:
            latest.pop(line[ID_AT:], None)
            latest[line[ID_AT:]] = line
    kept = list(latest.values())
    table = np.frombuffer(b"".join(line[:ID_AT] for line in kept), _DTYPE)
    ids = tuple(line[ID_AT:].decode() for line in kept)
    return Recent(np.ascontiguousarray(table["print"]), ids, table["author"], table["page"])
