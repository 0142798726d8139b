"""What the doctor says of Twilio's SMS geo permissions; mocked at the wire itself."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest
import respx
from pydantic import SecretStr

from notifier.cli.ops.doctor_geo_permissions import check_geo_permissions
from notifier.config.settings import TWILIO_API, Settings
from notifier.db.engine import open_engine, writing
from tests.conftest import Rows

QUESTION = "/v1/Messaging/GeoPermissions"


def test_a_region_that_planned_texts_go_to_and_twilio_does_not_allow_is_a_warning(
    sqlite_template: Path,
    tmp_path: Path,
    rows: Rows,
    httpx2_mock: respx.Router,
    subtests: pytest.Subtests,
) -> None:
    shutil.copy(sqlite_template, tmp_path / "notifier.db")
    settings = account(tmp_path)
    assert [] == said(settings)  # no text is planned: nothing is asked
    engine = open_engine(settings.database_url.get_secret_value())
    with writing(engine) as session:
        enrollment = rows.enrollment(session)
        for phone in ("+14155550123", "+16715550123", "+17875550123"):  # California, Guam, Puerto Rico
            rows.message(session, enrollment, phone=phone)
    engine.dispose()
    asked = httpx2_mock.get(f"https://accounts.twilio.com{QUESTION}")
    asked.respond(json={"permissions": [permission("US", True), permission("PR", False), permission("CA", False)]})
    refused = "Twilio refuses every text to Puerto Rico (PR), and planned texts go there"
    unknown = "Twilio does not say whether texts may go to Guam (GU)"
    expected = [("warn", refused), ("ok", unknown), ("ok", "texts may go to the United States (US)")]
    assert (expected, 1) == (said(settings), asked.call_count)
    for answer in (
        *(httpx.Response(status, json={"code": 20003, "status": status}) for status in (401, 403, 404)),
        *(httpx.Response(200, content=body) for body in (b"{}", b"null", b'{"permissions": 1}', b"<html>")),
    ):
        asked.mock(answer)
        with subtests.test(answer=repr(answer), body=answer.content):
            ((level, found),) = said(settings)
            assert ("ok", True) == (level, found.startswith("they could not be asked ("))
    before = asked.call_count
    beside = httpx2_mock.get(f"http://127.0.0.1:4010{QUESTION}").respond(404, json={"code": 20404, "status": 404})
    ((level, found),) = said(settings.model_copy(update={"twilio_api_url": "http://127.0.0.1:4010"}))
    assert ("ok", 1, before) == (level, beside.call_count, asked.call_count)  # a rehearsal never reaches outside


def account(folder: Path) -> Settings:
    settings = Settings(
        _env_file=None, twilio_account_sid="AC" + "0" * 32, twilio_auth_token=SecretStr("t"),
        twilio_from_number="+14155550100", database_url=SecretStr(f"sqlite:///{folder / 'notifier.db'}"),
    )  # fmt: skip
    return settings.model_copy(update={"twilio_api_url": TWILIO_API})  # which no clinic of tests may have


def said(settings: Settings) -> list[tuple[str, str]]:
    return [(one.level.value, one.found) for one in check_geo_permissions(settings)]


def permission(region: str, enabled: bool) -> dict[str, object]:
    return {"country_code": region, "type": "country", "enabled": enabled}
