"""Reading a submission: its body, its fields, and the facts about its arrival."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

import orjson
from flask import request
from marshmallow import Schema

from service.api.banned import refuse_banned
from service.api.callers import Caller
from service.api.language import wish_for
from service.api.media import JSON, asked, is_form
from service.api.problems import Problem, invalid
from service.api.services import services
from service.api.tokens import read_form_token
from service.moderation.comment import Comment, Facts, FormToken
from service.schemas.addresses import suggestion_for
from service.schemas.submission import (
    ALL_FIELDS,
    HONEYPOT,
    NOT_KEY,
    is_idempotency_key,
    load_submission,
)
from service.schemas.text import NOT_UNICODE
from service.store.comments import Arrival
from service.store.randomness import new_comment_id
from service.store.sealing import Personal
from service.store.sites import Site

NO_MAIL_TAKEN = "This e-mail domain takes no mail."
HEADER_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Submission:
    """Hold one validated submission, ready for the store."""

    arrival: Arrival
    nudge_token: str


def read_body() -> Any:
    """Return the request's fields, from JSON or a form.

    Raises ``Problem`` 400 or 415.
    """
    current = asked()
    if current.is_form:
        return current.form.to_dict()
    if current.mimetype != JSON:
        raise Problem(415, "unsupported-media-type", "Send JSON or a form.")
    return read_json()


def read_json() -> Any:
    """Return the request's JSON.

    Raises ``Problem`` 400.
    """
    try:
        return orjson.loads(asked().whole_body())
    except orjson.JSONDecodeError:
        raise Problem(400, "bad-json", "This is not valid JSON.") from None


def load(schema: Schema, body: Any) -> dict[str, Any]:
    """Return the body's fields, validated.

    Raises ``ValidationError``, with every field's message at once.
    """
    loaded: dict[str, Any] = schema.load(_heard(body, schema.fields.keys()))
    return loaded


def read_submission(site: Site, caller: Caller) -> Submission:
    """Return the submission in the request.

    Raises ``ValidationError`` or ``Problem``.
    """
    return submission_of(site, caller, read_body())


def submission_of(site: Site, caller: Caller, body: Any) -> Submission:
    """Return the submission whose fields ``body`` holds.

    Raises ``ValidationError`` or ``Problem``.
    """
    data = load_submission(
        _heard(body, ALL_FIELDS),
        site.required,
        is_server=caller.is_server,
        is_form=is_form(),
    )
    personal = _personal(data, caller)
    is_shadow_banned = refuse_banned(site.name, personal, data)
    if services().deliverability.is_refused(data["email"]):
        raise invalid({"email": NO_MAIL_TAKEN})
    arrival = Arrival(
        comment=_comment(site, data, caller),
        personal=personal,
        facts=_facts(site, data, caller, personal, is_shadow_banned=is_shadow_banned),
        limits=site.limits,
        idempotency_scope=_idempotency_scope(data, caller, personal),
        trace=services().tracing.carried(),
    )
    return Submission(arrival, data["nudge_token"])


def author_key_of(email: str, author_id: str) -> str:
    """Return the keyed hash an author is known by, or nothing."""
    vault = services().store.vault
    return vault.lookup("email", email.lower()) or vault.lookup("author id", author_id)


def _comment(site: Site, data: dict[str, Any], caller: Caller) -> Comment:
    is_server = caller.is_server
    return Comment(
        id=new_comment_id(),
        site=site.name,
        page=data["page"],
        content=data["content"],
        author=data["author"],
        url=data["url"],
        lang=data["lang"],
        parent=data["parent"],
        page_title=data["page_title"],
        user_agent=data["user_agent"] if is_server else _header("User-Agent"),
        referrer=data["referrer"] if is_server else _header("Referer"),
        author_id=data.get("author_id", ""),
        is_staff=data.get("is_staff", False),
        submitted_at=data.get("submitted_at", 0.0),
    )


def _personal(data: dict[str, Any], caller: Caller) -> Personal:
    ip = data["ip"] if caller.is_server else (request.remote_addr or "")
    return Personal(data["email"], ip)


def _facts(
    site: Site,
    data: dict[str, Any],
    caller: Caller,
    personal: Personal,
    *,
    is_shadow_banned: bool,
) -> Facts:
    token, age_s = _form_token(site, data["form_token"], caller)
    domain = personal.email.rpartition("@")[2].lower()
    return Facts(
        email_domain=domain,
        email_is_disposable=is_disposable(personal.email, domain),
        honeypot_filled=data[HONEYPOT] not in ("", None),
        form_token=token,
        seconds_to_submit=age_s,
        author_key=author_key_of(personal.email, data.get("author_id", "")),
        is_shadow_banned=is_shadow_banned,
    )


def is_disposable(email: str, domain: str) -> bool:
    """Say whether the domain hands out throwaway addresses, and is no slip for a known one."""
    return domain in services().disposable_domains and not suggestion_for(email)


def _form_token(site: Site, token: str, caller: Caller) -> tuple[FormToken, float | None]:
    if not token:
        return FormToken.NOT_EXPECTED if caller.is_server else FormToken.ABSENT, None
    return read_form_token(services().store.vault, site.name, token, services().clock())


def _idempotency_scope(data: dict[str, Any], caller: Caller, personal: Personal) -> str:
    """Return whose key it is: one server's, or one visitor's for one comment.

    A page kept in a cache may give every visitor the same key, and an e-mail address is
    only claimed: a visitor meets a comment again who sends all of it again.
    """
    sent = asked().environ.get("HTTP_IDEMPOTENCY_KEY", "")
    key = sent.strip('"') or data["idempotency_key"]
    if not key:
        return ""
    if not is_idempotency_key(key):
        raise invalid({"idempotency_key": NOT_KEY})
    if caller.is_server:
        return f"{caller.key_id}\x1f{key}"
    own = (personal.ip, personal.email.lower(), data["author"], data["page"], data["parent"])
    return "\x1f".join((*own, key, data["content"]))


def _header(name: str) -> str:
    value = request.headers.get(name, "")[:HEADER_LIMIT]
    return value.encode("utf-8", "replace").decode()


def _heard(body: Any, known: Set[str]) -> Any:
    """Return the body without its nulls: a field that is null is a field not sent."""
    if not isinstance(body, dict):
        return body
    wish_for(body.get("lang"))
    _refuse_unwritable_names(body)
    return {name: value for name, value in body.items() if value is not None or name not in known}


def _refuse_unwritable_names(body: dict[Any, Any]) -> None:
    try:
        "".join(map(str, body)).encode()
    except UnicodeEncodeError:
        raise invalid({"body": NOT_UNICODE}) from None
