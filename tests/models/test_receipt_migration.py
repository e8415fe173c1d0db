"""Receipts from before all that they say was kept are frozen as things are when the database is migrated."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, Table, create_engine, inspect
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, select

from bot.db import to_driver_url
from models import migrations
from models.administrator import Administrator
from models.audit_entry import AuditChainTip
from models.billing_contact import BillingContact
from models.receipt import Receipt
from models.service_order import LineStatus
from tests.models import examples
from tests.postgres import new_database

BEFORE = "0004"


def rows() -> list[SQLModel]:
    """An order whose second line was charged to another card, and whose third was declined."""
    settled = {"status": LineStatus.SETTLED, "settled_at": examples.NOW}
    return [
        examples.an_account(),
        *(examples.a_product(id=f"p{n}", name=f"Product {n}") for n in (1, 2, 3)),
        BillingContact(id=1, account_id="acme", email="alice@acme.example", name="Alice Martin"),
        Administrator(id=1, account_id="acme", email="hugo@acme.example", name="Hugo Petit"),
        examples.a_method(),
        examples.a_method(id="pm_2", brand="mastercard", last4="4444"),
        *(examples.a_subscription(id=f"sub_{n}", product_id=f"p{n}") for n in (1, 2, 3)),
        examples.a_quote(id=1),
        *(
            examples.a_quote_line(id=n, quote_id=1, subscription_id=f"sub_{n}", product_id=f"p{n}")
            for n in (1, 2, 3)
        ),
        examples.an_order(id=1),
        examples.a_line(quote_line_id=1, subscription_id="sub_1", **settled),
        examples.a_line(quote_line_id=2, subscription_id="sub_2", payment_method_id="pm_2", **settled),
        examples.a_line(quote_line_id=3, subscription_id="sub_3", status=LineStatus.DECLINED),
        examples.a_receipt(id=1, issued_at=datetime(2026, 11, 15, 23, 30, tzinfo=UTC)),
        first := examples.an_entry(1),
        examples.an_entry(2, first.hash),
    ]


def store(connection: Connection, row: SQLModel) -> None:
    """As far as the database of then has the columns."""
    name = row.__tablename__
    table = Table(str(name), MetaData(), autoload_with=connection)
    values: dict[str, Any] = {c.name: getattr(row, c.name) for c in table.columns if hasattr(row, c.name)}
    if table.name != "receipt" and values.get("id", "") is None:
        del values["id"]
    typed = SQLModel.metadata.tables[table.name]
    connection.execute(typed.insert().values(values))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_old_receipt_is_frozen_and_an_old_history_knows_its_end(dialect: str) -> None:
    url = to_driver_url(new_database("receipts")) if dialect == "postgresql" else "sqlite://"
    engine = create_engine(url, poolclass=StaticPool)
    with engine.begin() as connection:
        migrations.upgrade_database(connection, BEFORE)
        assert "audit_head" not in inspect(connection).get_table_names()
        for row in rows():
            store(connection, row)
        migrations.upgrade_database(connection)
    with Session(engine) as session:
        receipt = session.exec(select(Receipt)).one()
        head = session.exec(select(AuditChainTip)).one()
    engine.dispose()
    assert (receipt.buyer, receipt.issued_on) == ("Acme SA", date(2026, 11, 16))
    assert receipt.billing_address.line1 == "1 rue de la Paix"
    assert [(line.product, line.amount) for line in receipt.receipt_lines] == [
        ("Product 1", 7000),
        ("Product 2", 7000),
    ]
    assert [(card.last4, card.amount) for card in receipt.charged_cards] == [("4242", 8400), ("4444", 8400)]
    assert receipt.seller_details is None
    assert head.number == 2
