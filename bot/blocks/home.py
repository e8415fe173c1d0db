"""The Home tab: what waits for the person, then each account at a glance, in as many pages as it takes."""

from collections.abc import Sequence

from bot.blocks import kit, ways
from bot.blocks.account import PortalLinks
from bot.blocks.home_account import account_groups
from bot.blocks.home_waiting import waiting_groups, waits
from bot.blocks.kit import Block, View
from bot.blocks.refusal import refusal_text
from bot.blocks.seat_chart import CHART
from bot.i18n import Reader, escape
from models.errors import Refusal
from models.sheet import AccountSheet

__all__ = ["CHART", "NEXT", "PREVIOUS", "home", "home_refused", "home_unlinked"]

PREVIOUS, NEXT = "home.previous", "home.next"

# Below Slack's hundred by what stands at the end of every page.
MOST_BLOCKS = 94
MOST_CHARTS = 2
MOST_CONTACTS = 10


def home(
    reader: Reader, sheets: Sequence[AccountSheet], links: PortalLinks, *, page: int = 0, charts: bool = True
) -> View:
    """The accounts for which something waits come first. What belongs together stays on one page."""
    sheets = sorted(sheets, key=lambda sheet: not waits(sheet))
    groups = waiting_groups(reader, sheets, links)
    for number, sheet in enumerate(sheets):
        chart = charts and number < MOST_CHARTS
        groups += account_groups(reader, sheet, links, several=len(sheets) > 1, chart=chart)
    pages = _packed(groups)
    shown = min(page, len(pages) - 1)
    return _view(
        [*pages[shown], *_pager(reader, shown, len(pages)), *_help(reader, links.services_url, linked=True)]
    )


def home_unlinked(reader: Reader, services_url: str, contacts: Sequence[str] = ()) -> View:
    """For someone who is no billing contact: whom to ask, and nothing of any account."""
    blocks = [kit.section(reader.mrkdwn("home-unlinked")), kit.section(reader.mrkdwn("home-features"))]
    if contacts:
        blocks.append(
            kit.section(reader.mrkdwn("home-contacts", contacts=kit.few(reader, contacts, MOST_CONTACTS)))
        )
    return _view([*blocks, *_help(reader, services_url)])


def home_refused(reader: Reader, refusal: Refusal, services_url: str) -> View:
    """For someone of whom nothing can be said now: Slack is silent about them."""
    return _view([kit.section(escape(refusal_text(reader, refusal))), *_help(reader, services_url)])


def _view(blocks: list[Block]) -> View:
    return {"type": "home", "blocks": blocks}


def _packed(groups: Sequence[list[Block]]) -> list[list[Block]]:
    pages: list[list[Block]] = [[]]
    for group in groups:
        if pages[-1] and len(pages[-1]) + len(group) > MOST_BLOCKS:
            pages.append([])
        pages[-1] += group
    return pages


def _pager(reader: Reader, page: int, count: int) -> list[Block]:
    if count == 1:
        return []
    buttons = []
    if page > 0:
        buttons.append(kit.button(PREVIOUS, reader.text("previous-page"), page - 1))
    if page < count - 1:
        buttons.append(kit.button(NEXT, reader.text("next-page"), page + 1))
    return [kit.section(reader.mrkdwn("page-of", page=page + 1, count=count)), kit.actions(*buttons)]


def _help(reader: Reader, services_url: str, *, linked: bool = False) -> list[Block]:
    buttons = [ways.services(reader, services_url), *([ways.choose_notices(reader)] if linked else [])]
    commands = [kit.section(reader.mrkdwn("home-commands"))] if linked else []
    return [kit.divider(), *commands, kit.section(reader.mrkdwn("home-help")), kit.actions(*buttons)]
