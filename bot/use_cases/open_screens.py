"""Scheduling an update of open modals: those that show an order, an invoice or emails being sent."""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import select

from bot.db import Session
from models.service_order.order_screen import OrderScreen


async def mark_screens_due(session: Session, at: datetime, *conditions: ColumnElement[bool]) -> None:
    # Always in the same order, so that two transactions cannot deadlock.
    screens = await session.exec(
        select(OrderScreen).where(*conditions).order_by(OrderScreen.external_id).with_for_update()
    )
    for screen in screens.all():
        screen.change_count += 1
        screen.due_at = screen.due_at or at
