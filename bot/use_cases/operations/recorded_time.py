from datetime import datetime

from sqlmodel import col, select

from bot.services import Services
from models.audit.entry import AuditEntry
from models.notice import Notice


async def find_latest_recorded_time(services: Services) -> datetime | None:
    """Up to when something is recorded, approximately: the last entry and the last notice."""
    async with services.read() as session:
        times = [
            (await session.exec(select(AuditEntry.at).order_by(col(AuditEntry.id).desc()).limit(1))).first(),
            (await session.exec(select(Notice.created_at).order_by(col(Notice.id).desc()).limit(1))).first(),
        ]
    return max((time for time in times if time is not None), default=None)
