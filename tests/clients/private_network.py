"""A network of one's own, where others' host names are this machine: for clients that fix them.

``unshare -m -n python -m tests.clients.private_network SPEC`` (SPEC is JSON) brings up loopback,
lays a hosts file over the machine's, starts ``ecluse web`` behind ports 80 and 443, and runs
commands in turn. Nothing of it is seen outside.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

PATIENCE_S = 120
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_WEB_PORT = 8000
MOUNT = "/usr/bin/mount"


@dataclass(frozen=True)
class Spec:
    """Say which names lead here, what the service runs with, and what is to be run."""

    folder: str
    hosts: list[str]
    certificate: str
    service: dict[str, str]
    commands: list[list[str]]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """What became of one command."""

    code: int
    output: str


def run_in_private(spec: Spec) -> list[Ran]:
    """Run the commands of ``spec``, each to its end; skip the test where one may not."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("SKIPPED, NOT PROVEN: a private network takes root and unshare")
    words = ["unshare", "-m", "-n", sys.executable, "-m", "tests.clients.private_network"]
    done = subprocess.run(
        [*words, json.dumps(asdict(spec))],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    if "Operation not permitted" in done.stderr and not done.stdout:
        pytest.skip(f"SKIPPED, NOT PROVEN: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    return [Ran(**each) for each in json.loads(done.stdout)]


def main() -> int:
    """Be the inside: called in the new network."""
    spec = Spec(**json.loads(sys.argv[1]))
    _bring_up_loopback()
    _lay_hosts_over(Path(spec.folder), spec.hosts)
    web = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "web"],
        env={**os.environ, **spec.service, "ECLUSE_PORT": str(_WEB_PORT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready()
        ran = asyncio.run(_serve_and_run(spec))
    finally:
        web.terminate()
        web.wait(10)
    sys.stdout.write(json.dumps([asdict(each) for each in ran]))
    return 0


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        asked = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(probe, _SIOCGIFFLAGS, asked))[1]
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


def _lay_hosts_over(folder: Path, names: Sequence[str]) -> None:
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {' '.join(names)}\n", "utf-8")
    subprocess.run([MOUNT, "--make-rprivate", "/"], check=True)
    subprocess.run([MOUNT, "--bind", str(hosts), "/etc/hosts"], check=True)


def _wait_until_ready() -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{_WEB_PORT}/healthz", timeout=2).close()
            return
        time.sleep(0.1)
    raise SystemExit("the service did not start")


async def _serve_and_run(spec: Spec) -> list[Ran]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(spec.certificate)
    servers = [
        await asyncio.start_server(_relay, "127.0.0.1", 443, ssl=context),
        await asyncio.start_server(_relay, "127.0.0.1", 80),
    ]
    try:
        return [await _ran(command, spec.environment) for command in spec.commands]
    finally:
        for server in servers:
            server.close()


async def _ran(command: Sequence[str], environment: Mapping[str, str]) -> Ran:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, output.decode("utf-8", "replace"))


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there, back = await asyncio.open_connection("127.0.0.1", _WEB_PORT)
    with suppress(ConnectionError, ssl.SSLError):
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, ssl.SSLError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    target.close()


if __name__ == "__main__":
    sys.exit(main())
