"""The least that `cart.save` and `service_order.place` could cost, with the same framework, driver and rows.

One transaction for each form, also for the review between the two: everything is read in two statements, and
written with one per table. There are no business rules, no history that could be verified, no processing
and no jobs. DATABASE_URL names the database.
"""

import json
import os
from collections import ChainMap
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import uvicorn
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import (
    LABEL_STYLE_TABLENAME_PLUS_COL,
    FromClause,
    Select,
    and_,
    bindparam,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import SQLModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

import models.migrations.tables  # noqa: F401 -- defines the tables
from models.notice import NoticeKind, NoticeStatus
from models.quote import QuoteStatus
from models.service_order import LineStatus, OrderStatus

Values = Mapping[Any, Any]

TABLES = SQLModel.metadata.tables
account, contact, slack_user = TABLES["account"], TABLES["billing_contact"], TABLES["slack_user"]
administrator, method, product = TABLES["administrator"], TABLES["payment_method"], TABLES["product"]
subscription, seat_block = TABLES["subscription"], TABLES["seat_block"]
ledger_subscription, ledger_block = TABLES["ledger_subscription"], TABLES["ledger_seat_block"]
cart, checkout = TABLES["cart"], TABLES["checkout"]
quote, quote_line = TABLES["quote"], TABLES["quote_line"]
service_order, order_line, notice = TABLES["service_order"], TABLES["order_line"], TABLES["notice"]
order_screen = TABLES["order_screen"]
audit_entry, chain_tip, audit_person = (
    TABLES["audit_entry"],
    TABLES["audit_chain_tip"],
    TABLES["audit_person"],
)
account_change, document_sequence = TABLES["account_change"], TABLES["document_sequence"]

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://"), pool_size=10, max_overflow=0
)
app = AsyncApp(
    client=AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]),
    signing_secret=os.environ["SLACK_SIGNING_SECRET"],
    process_before_response=True,
)


# Two queries for each form: PostgreSQL takes longer to plan a join of all fourteen tables than to run it.
ACCOUNT_QUERY = (
    select(slack_user, contact, account, chain_tip, method, administrator, audit_person)
    .join(contact, and_(contact.c.active, contact.c.slack_user == slack_user.c.user_id))
    .join(account, and_(account.c.id == contact.c.account_id, account.c.slack_team == slack_user.c.team_id))
    .join(chain_tip, chain_tip.c.account_id == account.c.id)
    .join(method, and_(method.c.account_id == account.c.id, method.c.is_default, method.c.active))
    .join(administrator, administrator.c.account_id == account.c.id)
    .outerjoin(
        audit_person,
        and_(
            audit_person.c.team_id == slack_user.c.team_id,
            audit_person.c.user_id == slack_user.c.user_id,
            audit_person.c.name == contact.c.name,
            audit_person.c.email == contact.c.email,
        ),
    )
    .where(slack_user.c.team_id == bindparam("team"), slack_user.c.user_id == bindparam("user"))
    .with_for_update(key_share=True, of=[account, chain_tip])
    .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
)


def build_query(rows: FromClause, *columns: FromClause) -> Select[Any]:
    """With the subscription, and what the provider has of it."""
    joined = (
        rows.join(product, product.c.id == subscription.c.product_id)
        .outerjoin(seat_block, seat_block.c.subscription_id == subscription.c.id)
        .outerjoin(ledger_subscription, ledger_subscription.c.id == subscription.c.id)
        .outerjoin(ledger_block, ledger_block.c.subscription_id == subscription.c.id)
    )
    return (
        select(subscription, product, seat_block, ledger_subscription, ledger_block, *columns)
        .select_from(joined)
        .set_label_style(LABEL_STYLE_TABLENAME_PLUS_COL)
    )


CART_QUERY = build_query(
    subscription.outerjoin(
        cart, and_(cart.c.account_id == subscription.c.account_id, cart.c.contact_id == bindparam("contact"))
    ),
    cart,
).where(subscription.c.id == bindparam("subscription"))

QUOTE_QUERY = build_query(
    quote.join(quote_line, quote_line.c.quote_id == quote.c.id)
    .join(subscription, subscription.c.id == quote_line.c.subscription_id)
    .outerjoin(
        checkout, and_(checkout.c.quote_id == quote.c.id, checkout.c.contact_id == bindparam("contact"))
    ),
    quote,
    quote_line,
    checkout,
).where(quote.c.id == bindparam("quote"))

NEXT_NUMBER = (
    update(document_sequence)
    .where(document_sequence.c.prefix == bindparam("document"))
    .values(last_number=document_sequence.c.last_number + 1)
    .returning(document_sequence.c.last_number)
)


@app.view("cart.save")
async def save_cart(ack: AsyncAck, body: dict[str, Any]) -> None:
    view = body["view"]
    [(block, field)] = view["state"]["values"].items()
    async with engine.begin() as connection:
        row = await load(connection, body, CART_QUERY, subscription=block.removeprefix("seats:"))
        quote_id = await store_cart(connection, row, int(field["field"]["value"]))
    await show(ack, "quote.review", quote_id)


async def load(
    connection: AsyncConnection, body: dict[str, Any], query: Select[Any], **values: object
) -> Values:
    person = {"team": body["team"]["id"], "user": body["user"]["id"]}
    about = (await connection.execute(ACCOUNT_QUERY, person)).one()._mapping
    found = await connection.execute(query, {"contact": about[contact.c.id], **values})
    return ChainMap(about, found.one()._mapping)  # type: ignore[arg-type]  # It is only read.


async def store_cart(connection: AsyncConnection, row: Values, seats: int) -> int:
    at, account_id, contact_id = datetime.now(UTC), row[account.c.id], row[contact.c.id]
    amount = seats * row[subscription.c.unit_price]
    number = await get_next_number(connection, "SQ")
    quote_id: int = (
        await connection.execute(
            insert(quote).returning(quote.c.id),
            {
                "number": number,
                "account_id": account_id,
                "status": QuoteStatus.PENDING,
                "created_externally": False,
                "contact_id": contact_id,
                "created_at": at,
                "frozen_at": at,
                "expires_at": at + timedelta(days=30),
                "remind_at": at + timedelta(days=23),
                "currency": row[account.c.currency],
                "address": build_address(row),
                "subtotal": amount,
                "tax": amount // 5,
                "total": amount + amount // 5,
                "recurring": [{"period": "year", "net": amount, "tax": amount // 5}],
                "decided_externally": False,
            },
        )
    ).scalar_one()
    await connection.execute(
        insert(quote_line),
        {
            "quote_id": quote_id,
            "subscription_id": row[subscription.c.id],
            "product_id": row[product.c.id],
            "seats": seats,
            "seats_before": row[subscription.c.seats],
            "unit_price": row[subscription.c.unit_price],
            "period": row[subscription.c.period],
            "period_start": row[subscription.c.period_start],
            "period_end": row[subscription.c.period_end],
            "amount": amount,
            "tax": amount // 5,
        },
    )
    values = {"seats": {row[subscription.c.id]: seats}, "replaceable_quote_ids": []}
    stored_cart = postgresql.insert(cart).values(account_id=account_id, contact_id=contact_id, **values)
    await connection.execute(
        stored_cart.on_conflict_do_update(
            index_elements=[cart.c.account_id, cart.c.contact_id],
            set_={name: stored_cart.excluded[name] for name in values},
        )
    )
    await write_history(connection, row, at, [(f"quote:{number}", "made", None, "pending")])
    return quote_id


@app.view("quote.review")
async def review_quote(ack: AsyncAck, body: dict[str, Any]) -> None:
    """To the one screen with the checkout and the order, which stores what the checkout would ask for."""
    quote_id = json.loads(body["view"]["private_metadata"])["quote"]
    async with engine.begin() as connection:
        await store_checkout(connection, await load(connection, body, QUOTE_QUERY, quote=quote_id))
    await show(ack, "service_order.place", quote_id)


async def store_checkout(connection: AsyncConnection, row: Values) -> None:
    values = {
        "quote_id": row[quote.c.id],
        "contact_id": row[contact.c.id],
        "form_values": {
            "administrator": str(row[administrator.c.id]),
            "payment_method": row[method.c.id],
            **build_address(row),
        },
        "is_saved": True,
    }
    stored = postgresql.insert(checkout).values(values)
    await connection.execute(
        stored.on_conflict_do_update(
            index_elements=[checkout.c.quote_id, checkout.c.contact_id],
            set_={name: stored.excluded[name] for name in ("form_values", "is_saved")},
        )
    )


@app.view("service_order.place")
async def place_service_order(ack: AsyncAck, body: dict[str, Any]) -> None:
    quote_id, external_id = json.loads(body["view"]["private_metadata"])["quote"], f"order:{uuid4().hex}"
    async with engine.begin() as connection:
        row = await load(connection, body, QUOTE_QUERY, quote=quote_id)
        await store_order(connection, row, external_id)
    await show(ack, "service_order.show", quote_id, external_id=external_id)


async def store_order(connection: AsyncConnection, row: Values, external_id: str) -> None:
    at, account_id, quote_id = datetime.now(UTC), row[account.c.id], row[quote.c.id]
    number = await get_next_number(connection, "SO")
    order_id = (
        await connection.execute(
            insert(service_order).returning(service_order.c.id),
            {
                "number": number,
                "account_id": account_id,
                "quote_id": quote_id,
                "status": OrderStatus.PLACED,
                "contact_id": row[contact.c.id],
                "placed_at": at,
                "administrator_id": row[administrator.c.id],
                "payment_method_id": row[method.c.id],
                "address": build_address(row),
                "retries_abandoned": False,
                "overdue_check_at": at + timedelta(days=1),
            },
        )
    ).scalar_one()
    await connection.execute(
        update(quote).where(quote.c.id == bindparam("quote")),
        {
            "quote": quote_id,
            "status": QuoteStatus.ACCEPTED,
            "remind_at": None,
            "decided_at": at,
            "decided_by": row[contact.c.name],
        },
    )
    await connection.execute(
        insert(order_line),
        {
            "order_id": order_id,
            "quote_line_id": row[quote_line.c.id],
            "subscription_id": row[subscription.c.id],
            "seats": row[quote_line.c.seats],
            "amount": row[quote_line.c.amount],
            "tax": row[quote_line.c.tax],
            "period_ends_at": at + timedelta(days=360),
            "status": LineStatus.WAITING,
        },
    )
    await connection.execute(
        update(cart).where(
            cart.c.account_id == bindparam("account"), cart.c.contact_id == bindparam("contact")
        ),
        {
            "account": row[account.c.id],
            "contact": row[contact.c.id],
            "seats": {},
            "replaceable_quote_ids": [],
        },
    )
    changes = [
        (f"quote:{row[quote.c.number]}", "decided", "pending", "accepted"),
        (f"service_order:{number}", "placed", None, "placed"),
    ]
    await write_history(connection, row, at, changes)
    await connection.execute(insert(notice), list(build_notices(row, order_id, at)))
    await connection.execute(
        insert(order_screen),
        {
            "external_id": external_id,
            "order_id": order_id,
            "team_id": row[slack_user.c.team_id],
            "user_id": row[slack_user.c.user_id],
            "is_placement": True,
            "shown_at": at,
            "change_count": 0,
            "due_at": at,
            "attempts": 0,
        },
    )


def build_notices(row: Values, order_id: int, at: datetime) -> list[dict[str, Any]]:
    channel, to_contact = f"channel:{row[account.c.channel]}", f"contact:{row[contact.c.id]}"
    return [
        {
            "event": f"order:{order_id}:{kind.value}>{destination}",
            "account_id": row[account.c.id],
            "team": row[account.c.slack_team],
            "destination": destination,
            "kind": kind,
            "order_id": order_id,
            "payload": {},
            "status": NoticeStatus.WAITING,
            "created_at": at,
            "due_at": at,
            "attempts": 0,
        }
        for kind, destination in (
            (NoticeKind.ORDER_STATUS, channel),
            (NoticeKind.ORDER_HISTORY, channel),
            (NoticeKind.ORDER_PLACED, to_contact),
        )
    ]


async def get_next_number(connection: AsyncConnection, document: str) -> str:
    number = (await connection.execute(NEXT_NUMBER, {"document": document})).scalar_one()
    return f"{document}-{number}"


async def write_history(
    connection: AsyncConnection,
    row: Values,
    at: datetime,
    changes: list[tuple[str, str, str | None, str]],
) -> None:
    account_id, last_number = row[account.c.id], row[chain_tip.c.number]
    entries = [
        {
            "account_id": account_id,
            "number": last_number + position,
            "at": at,
            "actor_kind": "person",
            "person_id": row[audit_person.c.id],
            "source": "floor",
            "subject": subject,
            "action": action,
            "from_status": from_status,
            "to_status": to_status,
            "details": {},
            "previous_hash": row[chain_tip.c.hash],
            "hash": f"{last_number + position:064}",
        }
        for position, (subject, action, from_status, to_status) in enumerate(changes, start=1)
    ]
    await connection.execute(insert(audit_entry), entries)
    last = entries[-1]
    await connection.execute(
        update(chain_tip).where(chain_tip.c.account_id == bindparam("of")),
        {"of": account_id, "number": last["number"], "hash": last["hash"]},
    )
    await connection.execute(insert(account_change), {"account_id": account_id})


def build_address(row: Values) -> dict[str, str]:
    names = ("line1", "line2", "postal_code", "city", "state", "country")
    return {name: row[account.c[name]] for name in names}


async def show(ack: AsyncAck, callback_id: str, quote_id: int, **attributes: str) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*GoTo Meeting*: 2 new seats"}}
    view = {
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": json.dumps({"quote": quote_id}),
        "title": {"type": "plain_text", "text": "Floor"},
        "blocks": [section] * 10,
        **attributes,
    }
    await ack(response_action="update", view=view)


def build_server() -> uvicorn.Server:
    handler = AsyncSlackRequestHandler(app)

    async def handle(request: Request) -> Response:
        return await handler.handle(request)

    router = Router([Route("/slack/events", handle, methods=["POST"])])
    port = int(os.environ["PORT"])
    return uvicorn.Server(
        uvicorn.Config(
            router,
            host=os.environ["HOST"],
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
        )
    )


if __name__ == "__main__":
    build_server().run()
