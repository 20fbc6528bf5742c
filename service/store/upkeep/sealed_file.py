"""A file that proves to be whole: compressed, with a checksum and an end, sealed when asked.

First a line of JSON, the head: which format, and how it is sealed. Then chunks, each a length
(4 bytes, big-endian) and so many bytes. What they hold together is one zlib stream of records,
each a count of parts (4 bytes) and the parts, each a length and its bytes. A record without
parts ends it; after it come the SHA-256 of everything before, uncompressed, and nothing.

Sealed, each chunk is AES-256-GCM (NIST SP 800-38D) under a key that scrypt (RFC 7914) makes of
a passphrase. Its nonce is 7 random bytes of the head, the chunk's number (4) and 1 for the last
chunk or 0 for another, as in the STREAM construction (Hoang et al., 2015): no chunk can be left
out, moved or cut off unseen. The head is authenticated with every chunk.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

FORMAT, VERSION = "ecluse-backup", 1
CHUNK = 1 << 18
LONGEST_HEAD = 1 << 14
LONGEST_PART = 1 << 29
"""What Redis allows in one value."""
MOST_PARTS = 1 << 22
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
"""128 MB and 0.3 s or so for each guess: OWASP's Password Storage Cheat Sheet."""
MOST_N = 2**20
_LENGTH = struct.Struct(">I")
_TAG = 16
_PREFIX = 7

Record = Sequence[bytes]
Head = Mapping[str, Any]


class FileBroken(ValueError):
    """Say why a file is no backup, or not a whole one."""


class PassphraseNeeded(ValueError):
    """Say that a file is sealed and no passphrase was given."""


def write(
    file: IO[bytes], about: Head, records: Iterable[Record], passphrase: str = "",
    *, scrypt_n: int = SCRYPT_N,
) -> None:  # fmt: skip
    """Write records into a file, as they come; ``about`` is told in its head, unsealed."""
    head: dict[str, Any] = {**about, "format": FORMAT, "version": VERSION}
    if passphrase:
        salts = {"salt": _text(secrets.token_bytes(16)), "nonce": _text(secrets.token_bytes(7))}
        head["sealed"] = {"kdf": "scrypt", "n": scrypt_n, "r": SCRYPT_R, "p": SCRYPT_P, **salts}
    line = orjson.dumps(head) + b"\n"
    file.write(line)
    cipher = _cipher(head, passphrase) if passphrase else None
    plain = _chunked(_compressed(_framed(records)))
    for number, (chunk, is_last) in enumerate(plain):
        if cipher is not None:
            chunk = cipher.encrypt(_nonce(head, number, is_last), chunk, line)
        file.write(_LENGTH.pack(len(chunk)))
        file.write(chunk)
    file.flush()


def read_head(file: IO[bytes]) -> tuple[Head, bytes]:
    """Return the head of a file, and its line; the file stands after it then.

    Raises ``FileBroken``.
    """
    line = file.readline(LONGEST_HEAD)
    try:
        head = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise FileBroken("this is no backup of Écluse") from None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise FileBroken("this is no backup of Écluse")
    if head.get("version") != VERSION:
        raise FileBroken(f"a backup of another version ({head.get('version')!r})")
    return head, line


def read(file: IO[bytes], passphrase: str = "") -> Iterator[list[bytes]]:
    """Yield the records of a file; after the last one it has proven to be whole.

    Raises ``FileBroken``, or ``PassphraseNeeded``.
    """
    head, line = read_head(file)
    if "sealed" in head and not passphrase:
        raise PassphraseNeeded("the backup is encrypted: a passphrase is needed")
    cipher = _cipher(head, passphrase) if "sealed" in head else None
    return _records(_Plain(_decompressed(_opened(_stored_chunks(file), head, line, cipher))))


def _framed(records: Iterable[Record]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for record in records:
        pieces = [_LENGTH.pack(len(record))]
        for part in record:
            pieces += [_LENGTH.pack(len(part)), part]
        framed = b"".join(pieces)
        digest.update(framed)
        yield framed
    end = _LENGTH.pack(0)
    digest.update(end)
    yield end + digest.digest()


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    squeeze = zlib.compressobj(6)
    for piece in pieces:
        yield squeeze.compress(piece)
    yield squeeze.flush()


def _chunked(pieces: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    held = bytearray()
    for piece in pieces:
        held += piece
        while len(held) > CHUNK:
            yield bytes(held[:CHUNK]), False
            del held[:CHUNK]
    yield bytes(held), True


def _stored_chunks(file: IO[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the chunks as they are stored, and whether each is the last."""
    held = _stored_chunk(file)
    if held is None:
        raise FileBroken("the backup is cut off")
    while (following := _stored_chunk(file)) is not None:
        yield held, False
        held = following
    yield held, True


def _stored_chunk(file: IO[bytes]) -> bytes | None:
    length = file.read(_LENGTH.size)
    if not length:
        return None
    size = _LENGTH.unpack(length)[0] if len(length) == _LENGTH.size else None
    if size is not None and size > CHUNK + _TAG:
        raise FileBroken("the backup is damaged")
    chunk = file.read(size) if size is not None else b""
    if size is None or len(chunk) < size:
        raise FileBroken("the backup is cut off")
    return chunk


def _opened(
    chunks: Iterable[tuple[bytes, bool]], head: Head, line: bytes, cipher: AESGCM | None
) -> Iterator[bytes]:
    for number, (chunk, is_last) in enumerate(chunks):
        if cipher is None:
            yield chunk
            continue
        try:
            yield cipher.decrypt(_nonce(head, number, is_last), chunk, line)
        except InvalidTag:
            why = "another passphrase, or" if not number else "the backup is cut off or"
            raise FileBroken(f"{why} it was altered") from None


def _decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    swell = zlib.decompressobj()
    for chunk in chunks:
        while chunk:
            try:
                yield swell.decompress(chunk, CHUNK)
            except zlib.error:
                raise FileBroken("the backup is damaged") from None
            chunk = swell.unconsumed_tail
            if swell.unused_data:
                raise FileBroken("the backup has something after its end")
    if not swell.eof:
        raise FileBroken("the backup is cut off")


class _Plain:
    """Read so many bytes from pieces as they come."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()
        self.digest = hashlib.sha256()

    def take(self, count: int, *, is_covered: bool = True) -> bytes:
        """Return ``count`` bytes; ``is_covered`` by the checksum."""
        while len(self._held) < count:
            piece = next(self._pieces, None)
            if piece is None:
                raise FileBroken("the backup is cut off")
            self._held += piece
        taken = bytes(self._held[:count])
        del self._held[:count]
        if is_covered:
            self.digest.update(taken)
        return taken

    def end(self) -> bool:
        """Say whether nothing is left."""
        return not self._held and not any(self._pieces)


def _records(plain: _Plain) -> Iterator[list[bytes]]:
    while count := _bounded(plain, MOST_PARTS):
        yield [plain.take(_bounded(plain, LONGEST_PART)) for _ in range(count)]
    expected = plain.digest.digest()
    if plain.take(len(expected), is_covered=False) != expected or not plain.end():
        raise FileBroken("the backup is damaged: its checksum is another")


def _bounded(plain: _Plain, most: int) -> int:
    number: int = _LENGTH.unpack(plain.take(_LENGTH.size))[0]
    if number > most:
        raise FileBroken("the backup is damaged")
    return number


def _cipher(head: Head, passphrase: str) -> AESGCM:
    try:
        sealed = head["sealed"]
        salt, n, r, p = _bytes(sealed["salt"]), sealed["n"], sealed["r"], sealed["p"]
        is_known = sealed["kdf"] == "scrypt" and len(_bytes(sealed["nonce"])) == _PREFIX
        if not is_known or not 2 <= n <= MOST_N or (r, p) != (SCRYPT_R, SCRYPT_P):
            raise FileBroken("the backup is sealed in a way that is not known")
        return AESGCM(Scrypt(salt, 32, n, r, p).derive(passphrase.encode()))
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, FileBroken):
            raise
        raise FileBroken("the backup is damaged") from None


def _nonce(head: Head, number: int, is_last: bool) -> bytes:
    return _bytes(head["sealed"]["nonce"]) + _LENGTH.pack(number) + bytes([is_last])


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
