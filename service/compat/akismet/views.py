"""The routes of Akismet's API, as far as its public clients call them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from flask import Blueprint, Response

from service.api.media import JSON
from service.api.services import services
from service.compat.akismet import numbers
from service.compat.akismet.answers import INVALID, VALID, malformed, word
from service.compat.akismet.call import Call, fields_sent, read_call
from service.compat.akismet.checking import check
from service.compat.akismet.correcting import correct
from service.moderation.verdict import Status
from service.schemas.akismet import FieldsInvalid

blueprint = Blueprint("akismet", __name__)
REQUIRED = ("blog", "user_ip")
EITHER = ["GET", "POST"]


@blueprint.errorhandler(FieldsInvalid)
def too_many_fields(_error: FieldsInvalid) -> Response:
    """Answer a body that no client sends."""
    return malformed("Too many fields.")


@blueprint.post("/1.1/verify-key")
def verify_key() -> Response:
    """Say whether a key is one of a site's; here `key` is the one to verify, before `api_key`."""
    return word(INVALID if read_call(("key", "api_key")) is None else VALID)


@blueprint.post("/1.1/comment-check")
def comment_check() -> Response:
    """Check a comment."""
    return _on_a_comment(check)


@blueprint.post("/1.1/submit-spam")
def submit_spam() -> Response:
    """Take a comment that was missed."""
    return _on_a_comment(lambda call: correct(call, Status.SPAM))


@blueprint.post("/1.1/submit-ham")
def submit_ham() -> Response:
    """Take a comment that was wrongly found to be spam."""
    return _on_a_comment(lambda call: correct(call, Status.APPROVED))


@blueprint.route("/1.2/usage-limit", methods=EITHER)
def usage_limit() -> Response:
    """Get the month's usage."""
    return _in_numbers(numbers.usage)


@blueprint.route("/1.2/key-sites", methods=EITHER)
def key_sites() -> Response:
    """Get the sites of a key, as JSON or CSV."""
    call = read_call()
    if call is None:
        return word(INVALID)
    asked = fields_sent()
    found = numbers.key_sites(call, asked)
    if asked.get("format") != "csv":
        return _json(found)
    token = asked.get("api_key") or asked.get("key", "")
    return word(numbers.key_sites_csv(token, found))


@blueprint.route("/1.1/get-stats", methods=EITHER)
@blueprint.route("/1.1/get-key-stats", methods=EITHER, endpoint="get_key_stats")
def get_stats() -> Response:
    """Get what was found in a period."""
    period = fields_sent().get("from", "all")
    return _in_numbers(lambda call: numbers.statistics(call, period))


@blueprint.route("/1.1/get-subscription", methods=EITHER)
@blueprint.route("/1.1/account-status", methods=EITHER, endpoint="account_status")
@blueprint.route("/1.2/account-status", methods=EITHER, endpoint="account_status_2")
def get_subscription() -> Response:
    """Get the account's standing."""
    return _in_numbers(numbers.subscription)


@blueprint.route("/1.1/token", methods=EITHER)
def token() -> Response:
    """Get a token for Akismet's own pages, which are not here: it opens nothing."""
    call = read_call()
    if call is None:
        return word(INVALID)
    return word(services().store.vault.sign("akismet token", call.site.name))


@blueprint.post("/1.1/deactivate")
def deactivate() -> Response:
    """Take notice that a plugin was switched off."""
    return word(INVALID if read_call() is None else "deactivated")


@blueprint.route("/1.1/test", methods=EITHER)
def test() -> Response:
    """Tell that the door is open."""
    return word("connected")


@blueprint.route("/1.2/compatible-plugins", methods=EITHER)
def compatible_plugins() -> Response:
    """Get the plugins beside which WordPress advertises Akismet: none."""
    return _json([])


def _on_a_comment(answer: Callable[[Call], Response]) -> Response:
    call = read_call()
    if call is None:
        return word(INVALID)
    missing = [name for name in REQUIRED if name not in call.sent.names]
    if missing:
        return malformed(f"Missing required field: {', '.join(missing)}.")
    return answer(call)


def _in_numbers(told: Callable[[Call], Any]) -> Response:
    call = read_call()
    return word(INVALID) if call is None else _json(told(call))


def _json(body: Any) -> Response:
    return Response(orjson.dumps(body), 200, {"Cache-Control": "no-store"}, content_type=JSON)
