"""Reading the four-bit file."""

import struct
from pathlib import Path

import numpy as np
import pytest

from training.encoder.source import SourceBroken, read

WIDTH, WORDS = 32, 3


def _file(path: Path, scale: float, nibbles: list[int]) -> Path:
    """Write a file of one four-bit tensor: each word's row is one block of 32 weights."""
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, 1, 1, 1, WORDS, 1, 1, 1e-12, 32)
    pieces = [b"<s>", b"<pad>", "é".encode()]
    ends = np.cumsum([0, *map(len, pieces)])
    blob = b"".join(pieces)
    tokenizer = struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(blob))
    tokenizer += struct.pack("<4I3f", *ends, 0.0, 0.0, -3.5) + blob
    packed = bytes(low | high << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True))
    data = (struct.pack("<e", scale) + packed) * WORDS
    name = b"emb.word"
    before = head + tokenizer + struct.pack("<iI", 0, 0) + struct.pack("<i", 1)
    entry = len(name).to_bytes(2, "little") + name
    offset = len(before) + len(entry) + struct.calcsize("<BIQQ")
    path.write_bytes(
        before + entry + struct.pack("<BIQQ", 1, WIDTH * WORDS, offset, len(data)) + data
    )
    return path


def test_low_nibbles_are_the_first_half_of_a_block_and_high_ones_the_second(tmp_path: Path) -> None:
    nibbles = [*range(16), *[15] * 16]
    found = read(_file(tmp_path / "source.bin", 0.5, nibbles)).tensors["emb.word"]
    assert found.shape == (WORDS, WIDTH)
    assert found[1].tolist() == [(nibble - 8) * 0.5 for nibble in nibbles]


def test_pieces_keep_their_text_and_their_score(tmp_path: Path) -> None:
    pieces = read(_file(tmp_path / "source.bin", 1.0, [8] * 32)).pieces
    assert pieces == [("<s>", 0.0), ("<pad>", 0.0), ("é", -3.5)]


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(b"ONNX and more")
    with pytest.raises(SourceBroken):
        read(path)
