"""The billing address of an order on a screen (R10)."""

from bot.i18n import Localizer, escape_mrkdwn
from models.account import Address


def format_billing_address(localizer: Localizer, address: Address) -> str:
    lines = map(escape_mrkdwn, localizer.format_address(address))
    return "\n".join([localizer.format_mrkdwn("placement-address"), *lines])
