"""The figures about languages: pieces are cut and counted as said."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

from training.languages import Piece, figures, pieces_of, texts_of

ROWS = {
    "unlabelled": [
        {"text": "Bonjour à tous", "lang": "fr", "source": "commonvoice_fr"},
        {"text": "Hello all of you", "lang": "en", "source": "edos2023_not_sexist"},
        {"text": "Ja jestem stąd", "lang": "pl", "source": "commonvoice_pl"},
        {"text": "Autre chose", "lang": "fr", "source": "frwikidisc2014"},
    ],
    "toxicity": [{"text": "Olá a todos", "lang": "pt", "source": "toldbr2020"}],
    "toxicity_more": [{"text": "Hallo zusammen", "lang": "de", "source": "gahd2024"}],
}


def test_only_the_sources_named_and_the_languages_served_are_read(tmp_path: Path) -> None:
    for name, rows in ROWS.items():
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(row)}\n" for row in rows)
    assert dict(texts_of(tmp_path)) == {
        ("commonvoice", "fr"): ["Bonjour à tous"],
        ("edos2023", "en"): ["Hello all of you"],
        ("toldbr2020", "pt"): ["Olá a todos"],
        ("gahd2024", "de"): ["Hallo zusammen"],
    }


def test_a_piece_is_words_in_a_row_without_addresses() -> None:
    texts = {("x", "fr"): ["@claire voici quatre mots entiers https://a.test", "deux mots"]}
    pieces = list(pieces_of(texts, (3, 4), random.Random(1)))
    assert len(pieces) == 1
    assert pieces[0].text in "voici quatre mots entiers"
    assert 3 <= len(pieces[0].text.split()) <= 4


def test_shares_are_of_the_pieces() -> None:
    pieces = [
        Piece("Je ne suis pas d'accord avec vous", "fr"),
        Piece("I do not agree at all with you", "fr"),
        Piece("con", "fr"),
    ]
    assert figures(pieces, ["", "", "fr"]) == (2 / 3, 2 / 3, 1 / 2)
