"""An account's billing contacts: who they are, inviting one, and withdrawing one."""

from dataclasses import replace

from bot.blocks import billing_contact as blocks
from bot.blocks.block_kit import ModalMetadata, View
from bot.use_cases.account.contacts import get_contacts, withdraw_contact
from bot.use_cases.account.invitation import (
    accept_invitation,
    cancel_invitation,
    decline_invitation,
    get_inviting_account,
    invite_contact,
)
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from models.details import ContactsPage


async def list_contacts(request: SlackRequest) -> View:
    account_id = request.action_value or request.metadata.account
    page = await get_contacts(request.dependencies, person=request.person, account_id=account_id)
    return _render_page(request, page)


async def open_invite_form(request: SlackRequest) -> View:
    account = await get_inviting_account(
        request.dependencies,
        person=request.person,
        account_id=request.action_value or request.metadata.account,
    )
    metadata = replace(request.metadata, account=account.id)
    return blocks.render_invite_modal(request.localizer, account, metadata)


async def invite(request: SlackRequest) -> View:
    page = await invite_contact(
        request.dependencies,
        person=request.person,
        account_id=request.metadata.account,
        user_id=request.input_values.get(blocks.COLLEAGUE_INPUT, ""),
    )
    return _render_page(request, page)


async def withdraw(request: SlackRequest) -> View:
    page = await withdraw_contact(
        request.dependencies, person=request.person, contact_id=request.action_row_id
    )
    if page.is_own_role_withdrawn:
        return blocks.render_result_modal(request.localizer, page.account, "left")
    return _render_page(request, page)


async def cancel(request: SlackRequest) -> View:
    page = await cancel_invitation(
        request.dependencies, person=request.person, invitation_id=request.action_row_id
    )
    return _render_page(request, page)


async def accept(request: SlackRequest) -> View:
    account = await accept_invitation(
        request.dependencies, person=request.person, invitation_id=request.action_row_id
    )
    return blocks.render_result_modal(request.localizer, account, "accepted")


async def decline(request: SlackRequest) -> View:
    account = await decline_invitation(
        request.dependencies, person=request.person, invitation_id=request.action_row_id
    )
    return blocks.render_result_modal(request.localizer, account, "declined")


def _render_page(request: SlackRequest, page: ContactsPage) -> View:
    return blocks.render_contacts_modal(request.localizer, page, ModalMetadata(account=page.account.id))


ROUTES = [
    Route(RouteKind.SHOW, blocks.LIST, list_contacts),
    Route(RouteKind.SHOW, blocks.INVITE, open_invite_form),
    Route(RouteKind.SUBMIT, blocks.INVITE, invite),
    Route(RouteKind.CHANGE, blocks.WITHDRAW, withdraw),
    Route(RouteKind.CHANGE, blocks.CANCEL, cancel),
    Route(RouteKind.CHANGE, blocks.ACCEPT, accept),
    Route(RouteKind.CHANGE, blocks.DECLINE, decline),
]
