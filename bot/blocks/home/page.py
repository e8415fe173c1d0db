"""The Home tab: what needs attention, then each account at a glance, on as many pages as it takes."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation
from bot.blocks.account import PortalLinks
from bot.blocks.block_kit import Block, View
from bot.blocks.home.account import build_account_groups
from bot.blocks.home.attention import build_attention_groups, has_attention_items
from bot.blocks.refusal import format_refusal
from bot.blocks.seat_chart import CHART_BLOCK_TYPE
from bot.i18n import Localizer, escape_mrkdwn
from models.details import AccountOverview
from models.errors import Refusal

__all__ = [
    "CHART_BLOCK_TYPE",
    "NEXT_PAGE",
    "PREVIOUS_PAGE",
    "render_home",
    "render_refused_home",
    "render_unlinked_home",
]

PREVIOUS_PAGE, NEXT_PAGE = "home.previous", "home.next"

# Slack's limit is 100; every page ends with a pager and help.
MAX_BLOCKS = 94
MAX_CHARTS = 2
MAX_CONTACTS = 10


def render_home(
    localizer: Localizer,
    overviews: Sequence[AccountOverview],
    links: PortalLinks,
    *,
    page: int = 0,
    show_charts: bool = True,
) -> View:
    """Accounts that need attention come first. The blocks of a group stay on one page."""
    overviews = sorted(overviews, key=lambda overview: not has_attention_items(overview))
    groups = build_attention_groups(localizer, overviews, links)
    for number, overview in enumerate(overviews):
        chart = show_charts and number < MAX_CHARTS
        groups += build_account_groups(
            localizer,
            overview,
            links,
            has_several_accounts=len(overviews) > 1,
            show_chart=chart,
            # Several accounts have a chart of seats each, and Slack takes no more.
            show_spending_chart=show_charts and len(overviews) == 1,
        )
    pages = _build_pages(groups)
    page = min(page, len(pages) - 1)
    return _build_home_view(
        [
            *pages[page],
            *_build_pager(localizer, page, len(pages)),
            *_build_help_blocks(localizer, links.services_url, linked=True),
        ]
    )


def render_unlinked_home(localizer: Localizer, services_url: str, contacts: Sequence[str] = ()) -> View:
    """Renders the Home of a full member who isn't a billing contact: whom to ask, and nothing about any
    account (R5)."""
    blocks = [
        block_kit.build_section(localizer.format_mrkdwn("home-unlinked")),
        block_kit.build_section(localizer.format_mrkdwn("home-features")),
    ]
    if contacts:
        blocks.append(
            block_kit.build_section(
                localizer.format_mrkdwn(
                    "home-contacts", contacts=block_kit.format_short_list(localizer, contacts, MAX_CONTACTS)
                )
            )
        )
    return _build_home_view([*blocks, *_build_help_blocks(localizer, services_url)])


def render_refused_home(localizer: Localizer, refusal: Refusal, services_url: str) -> View:
    # For guests and others who can't be a contact, and for people whose identity Slack does not confirm right
    # now (R5).
    return _build_home_view(
        [
            block_kit.build_section(escape_mrkdwn(format_refusal(localizer, refusal))),
            *_build_help_blocks(localizer, services_url),
        ]
    )


def _build_home_view(blocks: list[Block]) -> View:
    return {"type": "home", "blocks": blocks}


def _build_pages(groups: Sequence[list[Block]]) -> list[list[Block]]:
    pages: list[list[Block]] = [[]]
    for group in groups:
        if pages[-1] and len(pages[-1]) + len(group) > MAX_BLOCKS:
            pages.append([])
        pages[-1] += group
    return pages


def _build_pager(localizer: Localizer, page: int, count: int) -> list[Block]:
    if count == 1:
        return []
    buttons = []
    if page > 0:
        buttons.append(
            block_kit.build_button(PREVIOUS_PAGE, localizer.format_text("previous-page"), page - 1)
        )
    if page < count - 1:
        buttons.append(block_kit.build_button(NEXT_PAGE, localizer.format_text("next-page"), page + 1))
    return [
        block_kit.build_section(localizer.format_mrkdwn("page-of", page=page + 1, count=count)),
        block_kit.build_actions(*buttons),
    ]


def _build_help_blocks(localizer: Localizer, services_url: str, *, linked: bool = False) -> list[Block]:
    buttons = [
        navigation.build_contact_services_button(localizer, services_url),
        *([navigation.build_preferences_button(localizer)] if linked else []),
    ]
    commands = [block_kit.build_section(localizer.format_mrkdwn("home-commands"))] if linked else []
    return [
        block_kit.build_divider(),
        *commands,
        block_kit.build_section(localizer.format_mrkdwn("home-help")),
        block_kit.build_actions(*buttons),
    ]
