"""The migrations lead to what the models say, and back; after each every guard is there."""

from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, UniqueConstraint, insert, inspect, text
from sqlalchemy import column as sa_column
from sqlalchemy import table as sa_table
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from models.account.billing_contact import BillingContact
from models.cart import Cart
from models.document_sequence import DocumentSequence
from models.migrations.previous_version import is_in_models
from models.migrations.run import (
    MIGRATIONS_DIR,
    downgrade_database,
    get_head_revision,
    is_usable,
    upgrade_database,
)
from models.migrations.tables import metadata
from models.notice.notification_preferences import NotificationPreferences
from models.payment_method import PaymentMethod
from models.quote import QuoteLine
from models.slack_user import SlackUser
from models.subscription import Subscription
from models.subscription.period_length import PeriodLength
from models.subscription.upcoming_changes import UpcomingChanges
from tests.models.examples import (
    NOW,
    make_account,
    make_payment_method,
    make_product,
    make_quote,
    make_quote_line,
    make_subscription,
)
from tests.models.migrated import Migrated, create_empty_engine


def test_the_first_upgrade_is_undone_by_a_downgrade(migrated: Migrated) -> None:
    assert migrated.emptied == {"triggers": set(), "alembic_version": set()}


def test_every_guard_is_restored_after_downgrade_and_upgrade(migrated: Migrated) -> None:
    assert migrated.last == migrated.first


def test_r18_the_triggers_are_there(migrated: Migrated) -> None:
    guards = {"audit_entry_no_update", "audit_entry_no_delete"}
    guards |= {"quote_transition", "service_order_transition", "order_line_transition"}
    assert guards <= migrated.last["triggers"]


def test_every_constraint_and_index_of_the_models_is_in_the_database(migrated: Migrated) -> None:
    for table in metadata.tables.values():
        named = (CheckConstraint, UniqueConstraint)
        wanted = {str(c.name) for c in table.constraints if isinstance(c, named)}
        wanted |= {str(i.name) for i in table.indexes}
        wanted |= {str(f.name) for f in table.foreign_key_constraints}
        assert wanted <= migrated.last[table.name], table.name


def test_the_models_and_the_migrated_database_are_the_same(migrated: Migrated) -> None:
    with migrated.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_in_models}
        )
        assert compare_metadata(context, metadata) == []


def test_the_last_migration_is_the_one_whose_file_has_the_highest_number() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS_DIR))
    assert get_head_revision() == scripts.get_current_head()


def test_a_migrated_database_reports_that_it_is_migrated(migrated: Migrated) -> None:
    with migrated.engine.connect() as connection:
        assert is_usable(connection)


def test_numbers_start_after_a_thousand(migrated: Migrated) -> None:
    with Session(migrated.engine) as session:
        assert {n.prefix: n.last_number for n in session.exec(select(DocumentSequence))} == {
            "SQ": 1000,
            "SO": 1000,
            "R": 1000,
        }


def insert_as_of_now(connection: Connection, row: SQLModel) -> None:
    """With the columns that its table has so far."""
    model = metadata.tables[str(row.__tablename__)]
    known = {column["name"] for column in inspect(connection).get_columns(model.name)}
    columns = [sa_column(c.name, c.type) for c in model.columns if c.name in known]
    connection.execute(insert(sa_table(model.name, *columns)), row.model_dump(include=known))


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_stored_periods_and_what_refers_to_them_survive_the_change_of_their_column(
    dialect: str,
) -> None:
    engine = create_empty_engine(dialect)
    with engine.begin() as connection:
        upgrade_database(connection, "0001_baseline")
        for row in (
            make_account(),
            make_product(),
            make_subscription(),
            make_quote(id=1),
            make_quote_line(id=1, quote_id=1),
        ):
            insert_as_of_now(connection, row)
        upgrade_database(connection)
    with Session(engine) as session:
        assert session.exec(select(Subscription.period)).one() == PeriodLength.MONTH
        assert session.exec(select(col(Subscription.outlook))).one() == UpcomingChanges()
        assert session.exec(select(QuoteLine.period)).one() == PeriodLength.MONTH
        session.add(make_subscription(id="sub_weekly", period=PeriodLength("2-week")))
        session.commit()
    engine.dispose()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_stored_cards_survive_other_types_of_payment_methods(dialect: str) -> None:
    engine = create_empty_engine(dialect)
    with engine.begin() as connection:
        upgrade_database(connection, "0003_period_lengths")
        insert_as_of_now(connection, make_account())
        insert_as_of_now(connection, make_payment_method(is_default=True))
        upgrade_database(connection)
    with Session(engine) as session:
        card = session.exec(select(PaymentMethod)).one()
        assert (card.type, card.last4, card.is_default) == ("card", "4242", True)
        debit = PaymentMethod(id="pm_2", account_id="acme", type="sepa_debit", last4="3000", automatic=False)
        session.add(debit)
        session.commit()
        session.add(PaymentMethod(id="pm_3", account_id="acme", last4="4242"))
        with pytest.raises(IntegrityError, match="ck_payment_method_card"):
            session.commit()
    engine.dispose()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_the_seats_of_a_cart_survive_its_new_column(dialect: str) -> None:
    engine = create_empty_engine(dialect)
    with engine.begin() as connection:
        upgrade_database(connection, "0001_baseline")
        contact = BillingContact(id=1, account_id="acme", email="alice@acme.example", name="Alice Martin")
        for row in [make_account(), make_product(), make_subscription(), contact]:
            insert_as_of_now(connection, row)
        insert_as_of_now(connection, Cart(id=7, account_id="acme", contact_id=1, replaceable_quote_ids=[3]))
        connection.execute(text("INSERT INTO cart_line VALUES (7, 'sub_1', 5)"))
        upgrade_database(connection)
    with Session(engine) as session:
        cart = session.exec(select(Cart)).one()
        assert (cart.id, cart.seats, cart.replaceable_quote_ids) == (7, {"sub_1": 5}, [3])
        session.add(BillingContact(id=2, account_id="acme", email="b@acme.example", name="Benoit"))
        session.add(Cart(account_id="acme", contact_id=2))
        session.commit()
    with engine.begin() as connection:
        downgrade_database(connection, "0001_baseline")
        assert connection.execute(text("SELECT * FROM cart_line")).all() == [(7, "sub_1", 5)]
    engine.dispose()


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_r29_a_person_of_an_organisation_keeps_the_preferences_they_saved_last(dialect: str) -> None:
    engine = create_empty_engine(dialect)
    saved = [("T1", "U1", 1, ["orders"]), ("T2", "U1", 2, ["receipts"]), ("T3", "U1", 3, ["decisions"])]
    with engine.begin() as connection:
        upgrade_database(connection, "0009_tax_facts")
        for team, user, day, topics in saved:
            organisation = None if team == "T3" else "E1"
            connection.execute(
                text(
                    "INSERT INTO slack_user (team_id, user_id, home_team_id, enterprise_id, name, deleted, "
                    "is_bot, is_guest, is_stranger, refreshed_at) "
                    "VALUES (:team, :user, :team, :organisation, 'A', false, false, false, false, :at)"
                ),
                {"team": team, "user": user, "organisation": organisation, "at": NOW},
            )
            insert_as_of_now(
                connection,
                NotificationPreferences(
                    team_id=team, user_id=user, disabled_topics=topics, updated_at=NOW + timedelta(days=day)
                ),
            )
        upgrade_database(connection)
    with Session(engine) as session:
        kept = {p.team_id: p.disabled_topics for p in session.exec(select(NotificationPreferences))}
        assert kept == {"E1": ["receipts"], "T3": ["decisions"]}
        # Profiles are only cached: those of organisations are fetched again.
        assert [user.team_id for user in session.exec(select(SlackUser))] == ["T3"]
    engine.dispose()
