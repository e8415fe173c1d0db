"""Which jobs have something to do, by the same columns that they query."""

from tests.simulation.snapshot import format_instant
from tests.simulation.world import SimulatedWorld

DUE = {
    "service_order.process": "SELECT 1 FROM order_line WHERE due_at <= :now"
    " AND (claimed_until IS NULL OR claimed_until <= :now)",
    "service_order.mark_overdue": "SELECT 1 FROM service_order WHERE overdue_check_at <= :now",
    "invoice.follow": "SELECT 1 FROM invoice WHERE check_at <= :now",
    "account.refresh": "SELECT 1 FROM account WHERE refresh_due_at <= :now",
    "quote.expire": "SELECT 1 FROM quote WHERE status = 'pending' AND expires_at <= :now",
    "quote.remind": "SELECT 1 FROM quote WHERE remind_at <= :now",
    "notice.deliver": "SELECT 1 FROM notice WHERE status = 'waiting' AND due_at <= :now",
}


def list_due_jobs(world: SimulatedWorld) -> list[str]:
    now = {"now": format_instant(world.clock())}
    return [job_id for job_id, query in DUE.items() if world.store.raw.execute(query, now).fetchone()]
