"""The policy editor: thresholds, pre-moderation, checks on trial, with the backtest beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, request

from config.settings import PRESETS, default_policy
from service.api.language import language, translated
from service.api.services import services
from service.moderation.checks import CHECK_NAMES
from service.moderation.policy import OtherLanguages, Policy, Premoderation, merged, policy_from
from service.schemas.messages import LANGUAGES, Message
from service.schemas.policy_form import PolicyFormSchema, groups, with_lists
from service.schemas.policy_text import (
    LARGEST_TEXT,
    PolicyTextInvalid,
    beyond_default,
    entries_in,
    text_of,
)
from service.store.sites import Site
from service.web.settings.backtest import Backtest, Comparison
from service.web.settings.forms import loaded, nested
from service.web.settings.room import (
    blueprint,
    change,
    done,
    settings_page,
    site_of,
)
from service.web.staff.guard import is_from_htmx

TRY, SAVE, TRIAL = "try", "save", "trial"


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold a policy that was asked for: its entries, or the faults that keep it from being one.

    ``sent`` are the fields as they came, to be shown again.
    """

    entries: Mapping[str, Any]
    faults: Mapping[str, str]
    sent: Mapping[str, str]


@blueprint.get("/<name>/policy")
def policy(name: str) -> Response:
    """Show the policy, or a preset to begin from, and how it does."""
    site = site_of(name).site
    preset = request.args.get("from", "")
    entries = site.policy
    if preset in PRESETS:
        entries = with_lists(beyond_default(preset), site.policy)
    return _page(site, Asked(entries, {}, {}))


@blueprint.post("/<name>/policy")
def change_policy(name: str) -> Response:
    """Try a policy, save it, or put it on trial beside the live one."""
    return _answered(name, "policy", _page, _from_form)


@blueprint.get("/<name>/policy/text")
def policy_text(name: str) -> Response:
    """Show the policy's entries as TOML."""
    site = site_of(name).site
    return _text_page(site, Asked(site.policy, {}, {"text": text_of(site.policy)}))


@blueprint.post("/<name>/policy/text")
def change_policy_text(name: str) -> Response:
    """Try, save or put on trial a policy written as TOML."""
    return _answered(name, "policy_text", _text_page, _from_text)


def policy_of(entries: Mapping[str, Any]) -> Policy:
    """Return the policy that entries make, laid over the default one."""
    return policy_from(merged(default_policy(), entries))


def compared(site: Site, entries: Mapping[str, Any]) -> Backtest:
    """Return what a policy makes of the site's comments, beside the present one."""
    found = Comparison(site, policy_of(site.policy), policy_of(entries), language())
    return found.run(services().store.decided)


def begin_trial(name: str, entries: Mapping[str, Any]) -> None:
    """Put a policy on trial, and forget what an earlier trial has shown."""
    now_s = services().clock()
    change(name, lambda site: replace(site, trial_policy=entries, trial_since=now_s))
    services().store.trials.begin(name)


def _answered(name: str, here: str, show: Any, read: Any) -> Response:
    site = site_of(name).site
    asked: Asked = read(site)
    wanted = request.form.get("do", TRY)
    if is_from_htmx():
        return _part(site, asked)
    if asked.faults:
        return _shown(show, site, asked, 422)
    if wanted == SAVE:
        change(name, lambda found: replace(found, policy=asked.entries))
        return done(here, name=name)
    if wanted == TRIAL:
        begin_trial(name, asked.entries)
        return done("trial", name=name)
    return _shown(show, site, asked, 200)


def _shown(show: Any, site: Site, asked: Asked, status: int) -> Response:
    answer: Response = show(site, asked, status)
    return answer


def _from_form(site: Site) -> Asked:
    values, faults = loaded(PolicyFormSchema(), nested(request.form, ("log_only",)))
    entries = site.policy if faults else with_lists(values, site.policy)
    return Asked(entries, faults, request.form.to_dict())


def _from_text(site: Site) -> Asked:
    text = request.form.get("text", "")[:LARGEST_TEXT]
    try:
        return Asked(entries_in(text), {}, {"text": text})
    except PolicyTextInvalid as error:
        told = error.problem
        if error.line:
            told = Message("Line {line}: {problem}", line=error.line, problem=error.problem)
        return Asked(site.policy, {"text": told}, {"text": text})


def _part(site: Site, asked: Asked) -> Response:
    return settings_page("_backtest.html", site, **_results(site, asked))


def _results(site: Site, asked: Asked) -> dict[str, Any]:
    return {
        "errors": translated(asked.faults),
        "test": None if asked.faults else compared(site, asked.entries),
        "is_changed": asked.entries != site.policy,
    }


def _page(site: Site, asked: Asked, status: int = 200) -> Response:
    shown = merged(default_policy(), asked.entries)
    return settings_page(
        "policy.html",
        site,
        status,
        groups=groups(asked.entries, sorted({site.lang, *LANGUAGES})),
        shown=shown,
        sent=asked.sent,
        chosen_log_only=_log_only(shown),
        presets=PRESETS,
        begun=request.args.get("from", ""),
        premoderations=tuple(Premoderation),
        other_languages=tuple(OtherLanguages),
        checks=CHECK_NAMES,
        faulty=_faulty_languages(asked.faults),
        **_results(site, asked),
    )


def _faulty_languages(faults: Mapping[str, str]) -> frozenset[str]:
    """Return the languages whose thresholds are wrong: their part of the form is shown open."""
    names = (name.split(".") for name in faults if name.startswith("thresholds."))
    return frozenset(parts[2] for parts in names if len(parts) > 2)


def _log_only(shown: Mapping[str, Any]) -> frozenset[str]:
    if request.method == "POST":
        return frozenset(request.form.getlist("log_only"))
    return frozenset(shown["log_only"])


def _text_page(site: Site, asked: Asked, status: int = 200) -> Response:
    return settings_page("policy_text.html", site, status, sent=asked.sent, **_results(site, asked))
