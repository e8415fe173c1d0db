"""Leases of rows: how long a worker holds one, and which rows are free.

The leases are columns, so they hold across replicas.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import col, or_

from bot.settings import Settings
from models.home import Home
from models.lease import MAX_LEASE
from models.notice import DeliverySlot
from models.service_order import OrderLine
from models.service_order.order_screen import OrderScreen

LeasedTable = type[DeliverySlot] | type[Home] | type[OrderLine] | type[OrderScreen]


def get_lease_duration(settings: Settings) -> timedelta:
    # Shorter than an order line's: while a destination is claimed, its later notices wait.
    return settings.lease_duration / 2


def get_delivery_timeout(settings: Settings) -> timedelta:
    # Shorter than the lease: when another worker claims the destination, this one no longer posts to it.
    return settings.lease_duration / 3


def is_unclaimed(table: LeasedTable, at: datetime) -> ColumnElement[bool]:
    """The condition that no worker holds the lease, which `is_leased` checks for a row."""
    claimed_until = col(table.claimed_until)
    return or_(claimed_until.is_(None), claimed_until <= at, claimed_until > at + MAX_LEASE)
