"""The long form of the kill test: ``python -m tests.durability.campaign ROUNDS COUNT SEED``."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from tests.durability.rounds import check, play, service_in

KINDS = ["web", "workers", "scheduler", "valkey", "supervisor"]
KILLS = 3


def main() -> None:
    """Play rounds of random kills, each on a service of its own, and say what came of them."""
    rounds, count, seed = (int(word) for word in [*sys.argv[1:], "5", "2000", "1"][:3])
    for number in range(seed, seed + rounds):
        kinds = random.Random(number).choices(KINDS, k=KILLS)
        with tempfile.TemporaryDirectory(prefix="ecl") as folder:
            service = service_in(Path(folder) / "var").start()
            began = time.monotonic()
            try:
                counts = check(service, play(service, kinds, count, number))
            finally:
                service.end()
        took = time.monotonic() - began
        sys.stdout.write(f"seed {number}: killed {', '.join(kinds)}; {took:.0f} s; {counts}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
