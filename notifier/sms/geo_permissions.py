"""Which countries and territories Twilio lets this account's texts go to: its SMS geo permissions."""

from __future__ import annotations

from twilio.rest import Client

from notifier.sms.account import TwilioAccount
from notifier.sms.gateway import GatewayUnavailable
from notifier.sms.http_client import HttpxClient
from notifier.sms.messages import unavailable


async def geo_permissions(account: TwilioAccount) -> dict[str, bool]:
    """By ISO code of the region, such as PR: whether texts may go there. Raises GatewayUnavailable.

    One question without a country, for Twilio's filter takes a single one. A region that is not listed is absent.
    """
    http = HttpxClient(
        account.accounts_url,
        deadline=account.deadline,
        connect_timeout=account.connect_timeout,
        read_timeout=account.read_timeout,
    )
    user, password = account.login
    # An empty environment is falsy to the SDK, which then reads TWILIO_* from the host's.
    client = Client(user, password, account.account_sid, http_client=http, environment={"_": ""})
    try:
        answer = await client.accounts.v1.messaging_geopermissions.fetch_async()
    except Exception as error:  # noqa: BLE001  # a body can make the SDK raise anything; silence proves nothing
        raise unavailable(error) from None
    finally:
        await http.close()
    return _read(answer.permissions)


def _read(permissions: object) -> dict[str, bool]:
    if not isinstance(permissions, list):
        raise GatewayUnavailable("The provider's answer to a question was not in Twilio's form.")
    allowed: dict[str, bool] = {}
    for one in permissions:
        match one:
            case {"country_code": str(region), "enabled": bool(enabled)}:
                allowed[region] = allowed.get(region, True) and enabled
    return allowed
