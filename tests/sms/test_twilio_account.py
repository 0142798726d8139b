"""An account that cannot work is refused in one sentence, and keeps its secrets."""

from __future__ import annotations

from typing import Any

import pytest

from notifier.sms.account import TwilioAccount


def test_an_account_that_cannot_work_is_refused(subtests: pytest.Subtests) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"account_sid": ""}, "account SID is missing"),
        ({"auth_token": None}, "credentials are missing"),
        ({"api_key_sid": "SKx"}, "both its SID"),
        ({"from_number": None}, "no sender"),
        ({"api_url": "api.twilio.com"}, "API address"),
        ({"api_url": "https://user:word@api.twilio.com"}, "API address"),
        ({"status_callback_base": "https://clinic.example/?x=1"}, "public address"),
        ({"deadline": 0}, "above 0"),
    ]
    for changes, sentence in cases:
        with subtests.test(changes=changes, sentence=sentence):
            good: dict[str, Any] = {"account_sid": "ACx", "auth_token": "secret", "from_number": "+15005550006"}
            with pytest.raises(ValueError, match=sentence):
                TwilioAccount(**{**good, **changes})


def test_secrets_and_numbers_stay_out_of_its_repr() -> None:
    account = TwilioAccount(
        "ACx", auth_token="hush", api_key_sid="SKx", api_key_secret="hush", from_number="+15005550006"
    )
    assert "hush" not in repr(account)
    assert "+1500" not in repr(account)
    assert account.login == ("SKx", "hush")
