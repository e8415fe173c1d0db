"""`python app.py accept-restore` with Stripe, whose invoices no backup turns back."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlmodel import col, update

from models.document_sequence import SERVICE_ORDER_PREFIX, DocumentSequence
from tests.commands import run_command
from tests.fake_stripe import Fault
from tests.stripe_world import KEY, stripe_world


def forget_numbers(url: str) -> None:
    """Lose the file beside a SQLite database: the backup came alone."""
    Path(f"{make_url(url).database}-numbers").unlink(missing_ok=True)


async def test_orders_that_stripe_has_charged_are_not_numbered_a_second_time(tmp_path: Path) -> None:
    async with stripe_world() as world:
        alice = world.get_person("alice")
        for seats in (1, 2):
            await world.place_order(alice, acme_meeting=seats)
            await world.settle()
            await alice.close_modal(everything=True)
        settings = {
            "SLACK_BOT_TOKEN": world.slack.bot_token,
            "SLACK_SIGNING_SECRET": "any",
            "DATABASE_URL": world.dependencies.settings.database_url,
            "BILLING": "stripe",
            "STRIPE_API_KEY": KEY,
            "STRIPE_API_URL": world.fake.url,
        }
        async with world.dependencies.write() as session:
            is_order = col(DocumentSequence.prefix) == SERVICE_ORDER_PREFIX
            await session.exec(update(DocumentSequence).where(is_order).values(last_number=1000))
        forget_numbers(settings["DATABASE_URL"])

        asked = await run_command(tmp_path, "accept-restore", **settings)
        assert asked.exit_code == 1
        assert "python app.py accept-restore SQ-1002 SO-1002 R-1000" in asked.stderr

        world.fake.faults.append(Fault("down", path="/v1/invoices$", times=10))
        numbers = ("SQ-1002", "SO-1001", "R-1000")
        silent = await run_command(tmp_path, "accept-restore", *numbers, **settings)
        assert "Stripe does not say which orders it has charged" in silent.stderr
        assert "SO-1001 to SO-1001 will not be issued again" in silent.stdout

        world.fake.faults.clear()
        accepted = await run_command(tmp_path, "accept-restore", *numbers, **settings)
        assert accepted.output.splitlines() == [
            "SO-1002 to SO-1002 will not be issued again",
            "the database can be served",
        ]
