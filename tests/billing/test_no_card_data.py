"""R23: a card number never enters the system, whatever a provider sends by mistake, and wherever."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from bot.db import Database
from models.migrations.tables import metadata
from models.payment_method import PaymentMethod
from tests.billing.conftest import store_acme
from tests.fake_stripe import serializers
from tests.handlers.stripe.stripe_orders import DORA, place_order, retry_order
from tests.stripe_world import stripe_world

# In any writing: together, or in groups. Digits that follow each other in a key or a hash are no number.
NUMBERS = re.compile(r"(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])")


def is_card_number(digits: str) -> bool:
    """The sum by which a number is known for a card's."""
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def card_number() -> str:
    """Made here: none is written down anywhere."""
    start = "4" + "0123456789"[::2] * 3
    return next(start[:15] + d for d in "0123456789" if is_card_number(start[:15] + d))


def numbers_in(words: str) -> Iterator[str]:
    for found in NUMBERS.findall(words):
        digits = re.sub("[ -]", "", found)
        if is_card_number(digits):
            yield digits


def everything_stored(database: Database) -> str:
    engine = create_engine(database.url)
    with engine.connect() as connection:
        tables = inspect(connection).get_table_names()
        rows = [
            str(row) for table in tables for row in connection.execute(text(f'SELECT * FROM "{table}"')).all()
        ]
    engine.dispose()
    return "\n".join(rows)


def test_a_card_number_is_recognised() -> None:
    """Else what follows could not fail."""
    number = card_number()
    spaced = " ".join(number[i : i + 4] for i in range(0, 16, 4))
    assert list(numbers_in(f"card {number}.")) == list(numbers_in(f"({spaced})")) == [number]
    assert list(numbers_in(f"{number[:-1]}{(int(number[-1]) + 1) % 10}")) == []


async def test_r23_a_card_number_from_the_provider_is_never_stored_shown_or_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """An order with a decline and a retry, where every card, invoice and event bears one in every text."""
    caplog.set_level("INFO")
    number = card_number()
    monkeypatch.setattr(
        serializers, "serialize_payment_method", leaking(serializers.serialize_payment_method, number)
    )
    async with stripe_world() as world:
        await place_order(world, DORA, "declined_meeting")
        await retry_order(world, 1)
        await world.settle()
        events = [leaked(event, number) for event in world.webhook_sender.collect_events()]
        assert set(await world.webhook_sender.send_events(events)) == {200}
        await world.settle()
        assert len(world.list_paid_totals()) == 1
        stored = everything_stored(world.dependencies.database)
        message_text = "".join(
            m.text for m in [*world.get_person("dora").dms, *world.list_messages("C02DECLINED")]
        )
    assert "pm_good_1" in stored, "the scan does see what is stored"
    logged = caplog.text + "".join(capsys.readouterr())
    for where in (stored, message_text, logged):
        assert number not in where
        assert list(numbers_in(where)) == []


def leaking(shape: Any, number: str) -> Any:
    def drawn(held: Any) -> dict[str, Any]:
        answer = shape(held)
        answer["card"] |= {"last4": number, "brand": number, "fingerprint": number}
        answer["billing_details"]["name"] = number
        answer["metadata"] = {"number": number}
        return answer  # type: ignore[no-any-return]

    return drawn


def leaked(event: dict[str, Any], number: str) -> dict[str, Any]:
    message_text = json.loads(json.dumps(event))
    message_text["data"]["object"]["metadata"] = {"number": number}
    message_text["data"]["object"]["description"] = number
    return message_text  # type: ignore[no-any-return]


@pytest.mark.parametrize("last4", ["", "123", "12345", card_number()])
async def test_r23_the_database_keeps_four_digits_and_no_more(database: Database, last4: str) -> None:
    await store_acme(database)
    values: dict[str, Any] = {
        "id": "pm_x",
        "account_id": "acme",
        "brand": "visa",
        "expiry_year": 2030,
        "expiry_month": 1,
    }
    with pytest.raises(DBAPIError):
        async with database.write() as session:
            session.add(PaymentMethod(**values, last4=last4))


def test_r23_no_column_is_named_for_card_data() -> None:
    forbidden = re.compile("pan|cvc|cvv|card_?number|track|pin", re.IGNORECASE)
    words = [part for t in metadata.tables.values() for c in t.columns for part in c.name.split("_")]
    assert [word for word in words if forbidden.fullmatch(word)] == []
