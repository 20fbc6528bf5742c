"""`ecluse backup`, `restore` and `digest`: everything that lasts in one file, and back."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import click

from service.cli.opening import BY, open_here
from service.cli.output import as_json, print_fields, print_json
from service.cli.progress import counted_aloud
from service.store.sealing import SealBroken, Vault
from service.store.store import Store
from service.store.upkeep.backup import (
    Digest,
    NotEmpty,
    checked,
    clear,
    digest_of,
    is_empty,
    records,
)
from service.store.upkeep.backup import restore as write_back
from service.store.upkeep.sealed_file import Head, read, read_head, write
from service.store.upkeep.verify import Verifier

PURPOSE = "backup"
KEEP_TOO = (
    "Keep the secrets too, elsewhere: ECLUSE_SECRET_KEY and ECLUSE_DATA_KEYS, or secret_key and\n"
    "data_key in ECLUSE_DATA_DIR. E-mail and IP addresses stay sealed in the backup; without the\n"
    "secrets nobody can open them, know an author again, or check a second factor."
)
passphrase_file: Callable[[Callable[..., Any]], Callable[..., Any]] = click.option(
    "--passphrase-file", type=click.File("r"), metavar="PATH",
    help="File whose first line is the passphrase; - for standard input. Default: ask.",
)  # fmt: skip


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--encrypt", "is_sealed", is_flag=True, help="Encrypt it with a passphrase.")
@passphrase_file
@as_json
def backup(path: str, is_sealed: bool, passphrase_file: IO[str] | None, is_json: bool) -> None:
    """Save all sites, comments, accounts, keys, learned layers and logs into PATH, or - to print.

    The service goes on working; each comment is saved as it is at one moment. Left out is what
    ends by itself: sessions, links, bells, rate limits, claims, idempotency keys.

    Keep ECLUSE_SECRET_KEY and ECLUSE_DATA_KEYS (or secret_key and data_key in ECLUSE_DATA_DIR)
    too, in another place: e-mail and IP addresses stay sealed with them.
    """
    store = open_here()
    secret = _passphrase(passphrase_file, is_new=True) if is_sealed or passphrase_file else ""
    digest = Digest()
    store.general_audit.add("backup", BY, encrypted=bool(secret))
    with _new_file(path) as file, counted_aloud(is_json) as told:
        write(file, _about(store.vault), _counted(records(store.client, told), digest), secret)
    data = {"path": path, "encrypted": bool(secret), "kinds": digest.kinds, "digest": digest.text}
    _tell(data, is_json=is_json, is_err=path == "-")
    if not is_json:
        click.echo(f"\n{KEEP_TOO}", err=True)


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--replace", "is_replacing", is_flag=True,
              help="Take everything off the server first.")  # fmt: skip
@click.option("--dry-run", "is_dry", is_flag=True, help="Read the whole file; write nothing.")
@passphrase_file
@as_json
def restore(
    path: str, is_replacing: bool, is_dry: bool, passphrase_file: IO[str] | None, is_json: bool
) -> None:
    """Bring back what `ecluse backup` saved in PATH, or - for standard input.

    The file is read whole first: one that is cut off, altered or sealed with another
    passphrase changes nothing. What is restored is compared with the file by a digest, then
    every site is verified. Stop web servers and workers before, where you can.
    """
    store = open_here()
    with _old_file(path) as file:
        head, _ = read_head(file)
        secret = _passphrase(passphrase_file, is_new=False) if "sealed" in head else ""
        saved = Digest()
        for _ in _counted(_again(file, secret), saved):
            pass
        data = {"path": path, "made_at": head.get("made_at"), "kinds": saved.kinds,
                "digest": saved.text, "secrets_fit": _fits(store.vault, head)}  # fmt: skip
        if not is_dry:
            _write_back(store, _again(file, secret), is_replacing, is_json)
            data["verified"] = _verified(store, is_json)
    _tell(data, is_json=is_json)
    if not data["secrets_fit"]:
        said = "the secrets here are not those of the backup: sealed addresses cannot be opened"
        click.echo(f"Warning: {said}", err=True)


@click.command()
@as_json
def digest(is_json: bool) -> None:
    """Print the digest of everything that a backup saves: equal where everything is equal."""
    store = open_here()
    with counted_aloud(is_json) as told:
        found = digest_of(store.client, told)
    _tell({"kinds": found.kinds, "digest": found.text}, is_json=is_json)


def _write_back(
    store: Store, saved: Iterator[list[bytes]], is_replacing: bool, is_quiet: bool
) -> None:
    if is_replacing:
        clear(store.client)
    elif not is_empty(store.client):
        raise NotEmpty("there is something on the server already; --replace takes it off first")
    with counted_aloud(is_quiet) as told:
        write_back(store.client, saved, told)
    store.general_audit.add("restored", BY)


def _verified(store: Store, is_quiet: bool) -> dict[str, int]:
    """Put right what moved while the backup was made; return how many differences by site."""
    verifier = Verifier(store.client, mends=True)
    with counted_aloud(is_quiet) as told:
        return {name: verifier.verify(name, told).differences for name in store.sites.names()}


def _again(file: IO[bytes], secret: str) -> Iterator[list[bytes]]:
    file.seek(0)
    return checked(read(file, secret))


def _counted(found: Iterator[list[bytes]], digest: Digest) -> Iterator[list[bytes]]:
    for record in found:
        digest.add(record)
        yield record


def _about(vault: Vault) -> Head:
    """Return what a backup's head says: when, of which release, and which secrets go with it."""
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "release": version("ecluse"),
        "signing": vault.sign(PURPOSE, "secrets"),
        "probe": vault.seal_bytes(b"", PURPOSE).hex(),
    }


def _fits(vault: Vault, head: Head) -> bool:
    """Say whether the secrets here open what is sealed in a backup."""
    try:
        vault.open_bytes(bytes.fromhex(head["probe"]), PURPOSE)
        return vault.is_signed(head["signing"], PURPOSE, "secrets")
    except (SealBroken, KeyError, TypeError, ValueError, AttributeError):
        return False


def _passphrase(file: IO[str] | None, *, is_new: bool) -> str:
    if file is None:
        asked: str = click.prompt(
            "Passphrase", hide_input=True, confirmation_prompt=is_new, err=True
        )
        return asked
    line = file.readline().rstrip("\r\n")
    if not line:
        raise click.UsageError("the passphrase is empty")
    return line


@contextmanager
def _new_file(path: str) -> Iterator[IO[bytes]]:
    """Open a file that is there under its name only once it is whole, for its owner alone."""
    if path == "-":
        yield sys.stdout.buffer
        return
    if Path(path).exists():
        raise click.ClickException(f"{path} exists already")
    draft = Path(f"{path}.part")
    try:
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _old_file(path: str) -> Iterator[IO[bytes]]:
    """Open a file that can be read twice; what comes on standard input is kept meanwhile."""
    if path != "-":
        with Path(path).open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
        kept.seek(0)
        yield kept


def _tell(data: dict[str, Any], *, is_json: bool = False, is_err: bool = False) -> None:
    if is_json:
        print_json(data, is_err=is_err)
    elif is_err:
        click.echo(f"digest {data['digest']}", err=True)
    else:
        told = {**data, "kinds": [f"{n} {kind}" for kind, n in sorted(data["kinds"].items())]}
        print_fields(told)
