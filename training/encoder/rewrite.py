"""Write a released encoder's network anew: ``--data FOLDER [--model FOLDER] [--out FOLDER]``.

To be run when the exporter has changed: what was learned stays as it is, and calibration and
blend are fitted again. ``python -m training.encoder.rewrite``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from service.moderation.models.encoder import SHIPPED
from training.encoder.released import read_released
from training.encoder.train import parted, ship
from training.rows import read_beside, read_rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the four files of the model in ``--model`` into ``--out``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args(arguments)
    parts = parted(read_rows(options.data), read_beside(options.data))
    ship(options.out, *read_released(options.model), parts)


if __name__ == "__main__":
    main()
