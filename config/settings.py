"""The settings: read once from the environment and `.env` into one frozen object."""

from __future__ import annotations

import base64
import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from functools import cache, partial
from importlib import resources
from pathlib import Path
from typing import Any

from environs import Env, EnvValidationError, ValidationError, validate

PREFIX = "ECLUSE_"
RENAMED = {"WEBHOOKS_PRIVATE": "PRIVATE_TARGETS"}
"""Options of an earlier name: one that is still set is refused, for silence would undo it."""


class Durability(StrEnum):
    """Say when an accepted comment counts as safe."""

    RELAXED = "relaxed"
    STRICT = "strict"


class WorkerKind(StrEnum):
    """Say whether an RQ worker runs its tasks itself or in a forked child."""

    SIMPLE = "simple"
    FORK = "fork"


class EncoderUse(StrEnum):
    """Say which comments the encoder judges beside the linear model."""

    OFF = "off"
    UNCERTAIN = "uncertain"
    ALWAYS = "always"


class RemoteUse(StrEnum):
    """Say which kind of service elsewhere the workers ask beside their own checks."""

    OFF = "off"
    OPENAI = "openai"
    SCORES = "scores"


class SmtpSecurity(StrEnum):
    """Say how the connection to the mail server is kept private."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SettingsInvalid(ValueError):
    """Name every variable of the environment that cannot be used, and why."""


def option(
    default: Any,
    about: str,
    *,
    least: float | None = None,
    most: float | None = None,
    one_of: tuple[str, ...] = (),
) -> Any:
    """Declare one setting: its default, its line in the option table, its bounds."""
    bound = validate.OneOf(one_of) if one_of else validate.Range(min=least, max=most)
    is_bounded = bool(one_of) or least is not None or most is not None
    return field(default=default, metadata={"about": about, "bound": bound if is_bounded else None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Hold every option. The variable is ``ECLUSE_`` and the name in capitals."""

    redis_url: str = option("", "Redis or Valkey for comments; empty: the embedded server")
    queue_url: str = option("", "Redis or Valkey for RQ; empty: the same server as above")
    data_dir: Path = option(Path("var"), "folder of the embedded server, secrets and logs")
    disk_reserve_mb: int = option(
        64, "free disk below which the embedded server takes no writes, MB; 0: none", least=0
    )
    start_wait_s: int = option(
        0, "how long a part waits for its servers at start, s; 0: as long as it takes", least=0
    )
    durability: Durability = option(
        Durability.RELAXED, "`relaxed` (disk every second) or `strict` (disk before the answer)"
    )
    host: str = option("127.0.0.1", "address the web server listens on")
    port: int = option(8000, "port the web server listens on", least=1, most=65_535)
    public_url: str = option("", "address readers know the service by; empty: `http://HOST:PORT`")
    web_processes: int = option(2, "web server processes", least=1)
    web_threads: int = option(
        8, "request threads in each web process; `/ops` may hold a quarter", least=2
    )
    waiters: int = option(4, "requests a web process may hold open for `?wait=`", least=0)
    wait_limit_s: float = option(5.0, "longest `?wait=` that is honoured, seconds", least=0)
    workers: int = option(2, "RQ workers that `ecluse up` starts", least=1)
    worker_kind: WorkerKind = option(
        WorkerKind.SIMPLE, "`simple` (tasks in the worker) or `fork` (a child for each task)"
    )
    secret_key: str = option(
        "", "key that signs tokens, 32 characters or more; empty: made and kept in DATA_DIR"
    )
    data_keys: tuple[str, ...] = option(
        (), "base64 keys of 32 bytes for e-mail and IP, newest first; empty: kept in DATA_DIR"
    )
    trusted_proxies: int = option(
        0,
        "proxies in front; they must set X-Forwarded-For, -Proto and -Host, which are believed",
        least=0,
    )
    private_targets: bool = option(
        False, "webhooks and callbacks may go to private addresses, webhooks to http:// too"
    )
    akismet_keyless: tuple[str, ...] = option(
        (), "networks whose Akismet calls may lack a key, and for which site: `10.0.0.0/8=blog`"
    )
    body_limit: int = option(65_536, "largest request body, bytes", least=1024)
    idempotency_ttl_s: int = option(86_400, "how long an idempotency key is known, s", least=60)
    edit_window_s: int = option(900, "how long an author may edit or withdraw, s", least=0)
    email_dns: bool = option(False, "ask DNS whether an e-mail domain takes mail")
    batch_size: int = option(256, "comments a worker reviews in one batch", least=1)
    max_attempts: int = option(3, "reviews begun before a comment is set aside", least=1)
    claim_idle_s: float = option(10.0, "silence after which a dead worker's share is taken over, s")
    inbox_limit: int = option(
        100_000, "unchecked comments of a site from which it takes no more (503); 0: none", least=0
    )
    inbox_age_limit_s: int = option(
        3600, "the same for the age of the oldest of them, s; 0: none", least=0
    )
    check_timeout_s: float = option(5.0, "time one check may take over one batch, s", least=0.01)
    encoder: EncoderUse = option(
        EncoderUse.UNCERTAIN, "comments the encoder judges: `off`, `uncertain` ones or `always`"
    )
    encoder_model: str = option("", "your own encoder, an ONNX file; empty: the one shipped")
    encoder_tokenizer: str = option("", "its tokenizer; empty: `tokenizer.json` beside it")
    remote: RemoteUse = option(
        RemoteUse.OFF, "service elsewhere that workers ask too: `off`, `openai` or `scores`"
    )
    remote_url: str = option("", "its address; empty with `openai`: OpenAI's own")
    remote_key: str = option("", "its key, sent as a bearer token; empty: none")
    remote_timeout_s: float = option(2.0, "time it may take over one batch, s", least=0.1, most=30)
    remote_weight: float = option(0.5, "how far its score of 1 moves a total", least=0, most=1)
    inbox_age_alert_s: float = option(
        30.0, "age of the oldest comment no check has seen that raises an alarm, s", least=1
    )
    sweep_interval_s: int = option(5, "how often forgotten inboxes are looked for, s", least=1)
    duplicate_window: int = option(1000, "recent comments a new one is compared with", least=0)
    sites_window: int = option(
        1000, "the same over all sites, where there are several; 0: none", least=0
    )
    share_learning: bool = option(
        False, "let what moderators of one site teach count on every site, hashed"
    )
    session_ttl_s: int = option(28_800, "life of a moderator's session, seconds", least=60)
    session_idle_s: int = option(7200, "silence after which a session ends, seconds", least=300)
    smtp_host: str = option("", "mail server for moderators' mail; empty: no mail is sent")
    smtp_port: int = option(587, "port of the mail server", least=1, most=65_535)
    smtp_security: SmtpSecurity = option(
        SmtpSecurity.STARTTLS, "`starttls`, `tls` (from the first byte) or `none`"
    )
    smtp_user: str = option("", "account on the mail server; empty: none")
    smtp_password: str = option("", "its password")
    mail_from: str = option("ecluse@localhost", "sender of the mail")
    oidc_issuer: str = option(
        "", "OpenID Connect provider people may sign in with, its issuer; empty: none"
    )
    oidc_client_id: str = option("", "what the provider knows this service by")
    oidc_client_secret: str = option("", "the secret that goes with it")
    oidc_name: str = option("", "what the provider is called on the sign-in page; empty: its host")
    oidc_role: str = option(
        "",
        "role on all sites of who signs in there without an account; empty: nobody comes in so",
        one_of=("", "administrator", "moderator", "ops"),
    )
    log_level: str = option(
        "INFO", "DEBUG, INFO, WARNING or ERROR", one_of=("DEBUG", "INFO", "WARNING", "ERROR")
    )
    log_format: str = option("console", "`console` or `json`", one_of=("console", "json"))
    access_log: bool = option(
        False, "log each request: route, status, time; no address and nothing that was sent"
    )
    metrics_token: str = option(
        "", "bearer token that opens `/metrics`, from any address; empty: by address alone"
    )
    metrics_allow: tuple[str, ...] = option(
        ("127.0.0.0/8", "::1/128"), "networks that may read `/metrics` where no token is set"
    )
    otlp_endpoint: str = option(
        "", "OpenTelemetry collector (OTLP over HTTP) that traces are sent to; empty: no traces"
    )
    otlp_headers: tuple[str, ...] = option(
        (), "headers it wants, `name=value`, such as a key; empty: none"
    )
    otlp_sample: float = option(1.0, "share of the requests that are traced", least=0, most=1)
    sentry_dsn: str = option("", "Sentry project that errors are sent to; empty: none are")

    @property
    def is_embedded(self) -> bool:
        """Say whether the service brings its own Valkey server."""
        return not self.redis_url

    @property
    def base_url(self) -> str:
        """Return the address readers know the service by, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the environment and `.env`.

        Raises ``SettingsInvalid`` naming every bad variable at once.
        """
        env = Env(eager=False, prefix=PREFIX)
        env.read_env(".env", recurse=False)
        values = {item.name: _read(env, item) for item in fields(cls)}
        for old, new in RENAMED.items():
            env.str(old, default="", validate=partial(_refuse, new))
        try:
            env.seal()
        except EnvValidationError as error:
            raise SettingsInvalid(_all_faults(error)) from None
        return cls(**values)


def _read(env: Env, item: Field[Any]) -> Any:
    default = item.default if item.default is not MISSING else None
    parsers: dict[type, Callable[..., Any]] = {
        str: env.str,
        int: env.int,
        float: env.float,
        bool: env.bool,
        Path: env.path,
        tuple: env.list,
    }
    name = item.name.upper()
    if isinstance(default, StrEnum):
        return env.enum(name, default=default, enum=type(default), by_value=True)
    parse = parsers.get(type(default), env.path)
    value = parse(name, default=default, validate=item.metadata["bound"])
    return tuple(value) if isinstance(default, tuple) and value is not None else value


def _refuse(new: str, _value: str) -> None:
    raise ValidationError(f"It is called {PREFIX}{new} now.")


def _all_faults(error: EnvValidationError) -> str:
    faults: Any = error.error_messages
    return "\n".join(f"{name}: {' '.join(map(str, faults[name]))}" for name in sorted(faults))


PRESETS = ("strict", "balanced", "permissive")
DEFAULT_PRESET = "balanced"


@cache
def default_policy() -> Mapping[str, Any]:
    """Return the policy every site starts with, as parsed TOML, read once."""
    return preset(DEFAULT_PRESET)


def preset(name: str) -> Mapping[str, Any]:
    """Return the entries of one of ``PRESETS`` that differ from the default policy's.

    Those of ``DEFAULT_PRESET`` are the default policy itself.
    """
    path = resources.files("config").joinpath("policies", f"{name}.toml")
    return tomllib.loads(path.read_text("utf-8"))


@dataclass(frozen=True, slots=True)
class Secrets:
    """Hold the keys the service signs and encrypts with; ``data_keys`` newest first."""

    signing: bytes
    data_keys: tuple[bytes, ...]


def load_secrets(settings: Settings) -> Secrets:
    """Return the keys from the settings, or those kept in (or made into) the data folder.

    Raises ``SettingsInvalid`` when a given key is too short or not base64.
    """
    signing = settings.secret_key.encode() or _kept(settings.data_dir / "secret_key")
    data_keys = tuple(map(_decoded, settings.data_keys)) or (
        _decoded(_kept(settings.data_dir / "data_key").decode()),
    )
    if len(signing) < 32:
        raise SettingsInvalid("ECLUSE_SECRET_KEY: at least 32 characters are needed")
    return Secrets(signing, data_keys)


def _kept(path: Path) -> bytes:
    if path.exists():
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with open(draft, "xb", opener=_private) as file:
        file.write(base64.b64encode(secrets.token_bytes(32)))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_bytes()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _decoded(key: str) -> bytes:
    try:
        raw = base64.b64decode(key, validate=True)
    except ValueError:
        raise SettingsInvalid("ECLUSE_DATA_KEYS: each key is base64") from None
    if len(raw) != 32:
        raise SettingsInvalid("ECLUSE_DATA_KEYS: each key is 32 bytes long")
    return raw
