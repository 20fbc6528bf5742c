"""The service elsewhere that the settings name, if any."""

from __future__ import annotations

from config.settings import RemoteUse, Settings, SettingsInvalid
from service.remote.check import RemoteCheck
from service.remote.shapes import OPENAI, SCORES

OPENAI_URL = "https://api.openai.com/v1/moderations"

_SHAPES = {RemoteUse.OPENAI: OPENAI, RemoteUse.SCORES: SCORES}


def remote_check(settings: Settings) -> RemoteCheck | None:
    """Return the check that asks the service, or None when it is off.

    Raises ``SettingsInvalid`` when its address is missing, or no web address.
    """
    if settings.remote is RemoteUse.OFF:
        return None
    own = OPENAI_URL if settings.remote is RemoteUse.OPENAI else ""
    url = settings.remote_url or own
    if not url.startswith(("https://", "http://")):
        raise SettingsInvalid("ECLUSE_REMOTE_URL: an address with https:// or http:// is needed")
    key = settings.remote_key
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout_s, weight = settings.remote_timeout_s, settings.remote_weight
    return RemoteCheck(url, _SHAPES[settings.remote], headers, timeout_s, weight)
