"""Fit a released encoder anew to the linear model beside it: ``--data FOLDER [--model FOLDER]``.

Calibration and blend are fitted to the rows kept for it, the skim to those that teach; the
network stays as it is. To be run
whenever the linear model has changed: ``python -m training.encoder.refit``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from service.moderation.models.encoder import SHIPPED
from training.encoder import about, skim
from training.encoder.train import calibrating, parted
from training.rows import read_beside, read_rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Write ``skim.npz`` and ``about.json`` beside the model again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=SHIPPED)
    options = parser.parse_args(arguments)
    parts = parted(read_rows(options.data), read_beside(options.data))
    chosen, most = calibrating(parts.calibrated)
    skim.write(options.model, parts.taught, most)
    about.write(options.model, chosen, most)


if __name__ == "__main__":
    main()
