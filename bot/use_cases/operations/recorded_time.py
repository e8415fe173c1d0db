from datetime import datetime

from sqlmodel import col, select

from bot.dependencies import Dependencies
from models.audit.entry import AuditEntry
from models.notice import Notice


async def find_latest_recorded_time(dependencies: Dependencies) -> datetime | None:
    """Returns the approximate time of the latest record, from the last audit entry and the last notice."""
    async with dependencies.read() as session:
        times = [
            (await session.exec(select(AuditEntry.at).order_by(col(AuditEntry.id).desc()).limit(1))).first(),
            (await session.exec(select(Notice.created_at).order_by(col(Notice.id).desc()).limit(1))).first(),
        ]
    return max((time for time in times if time is not None), default=None)
