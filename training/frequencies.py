"""Count how common each trait is: ``python -m training.frequencies --data FOLDER``.

What a site's moderators refuse is compared with these shares, so that a word everybody uses
is never learned as a sign of guilt. Only the shares are written, never a text.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.moderation.learning.frequencies import SHIPPED, packed
from service.moderation.learning.traits import TRAITS, traits
from service.moderation.text import Text

FILES = ("unlabelled", "toxicity", "toxicity_more", "spam", "spam_fr", "spam_en")
LEFT_OUT = frozenset({"haine2022_tweets_fr_gpl"})
"""Found by words of hate: what is common there is not common."""
FEWEST_TEXTS = 2_000
"""A language with fewer texts says little about what is rare in it."""
AT_ONCE = 512


def main() -> None:
    """Read the folder's texts and write the table beside the module that reads it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    by_language: dict[str, list[str]] = defaultdict(list)
    for lang, text in _texts(options.data):
        by_language[lang].append(text)
    options.out.write_bytes(packed(shares(by_language)))
    for lang, texts in sorted(by_language.items()):
        print(f"{lang}: {len(texts)} texts{'' if len(texts) >= FEWEST_TEXTS else ', left out'}")


def shares(by_language: dict[str, list[str]]) -> NDArray[np.float64]:
    """Return each trait's share in the language in which it is commonest."""
    share = np.zeros(TRAITS)
    for texts in by_language.values():
        if len(texts) >= FEWEST_TEXTS:
            share = np.maximum(share, (_counts(texts) + 0.5) / (len(texts) + 1))
    return share


def _counts(texts: list[str]) -> NDArray[np.float64]:
    counts = np.zeros(TRAITS)
    for start in range(0, len(texts), AT_ONCE):
        found = traits([Text.of(text) for text in texts[start : start + AT_ONCE]])
        counts += np.bincount(found.rows, minlength=TRAITS)
    return counts


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    for name in FILES:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                if row.get("source") not in LEFT_OUT:
                    yield row.get("lang") or "", row["text"]


if __name__ == "__main__":
    main()
