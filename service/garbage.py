"""Python's cyclic garbage collector, told what stays."""

from __future__ import annotations

import gc

YOUNG = 20_000
"""Containers made before the youngest are looked through; Python's own 700 is reached every
few requests, and few of ours ever form a cycle."""


def keep_what_is_loaded() -> None:
    """Leave all that lives now out of every later collection.

    Call it once a process has loaded what it keeps: modules, schemas, lists and models are
    hundreds of thousands of objects that no collection can free, and that a fork then shares
    untouched.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
