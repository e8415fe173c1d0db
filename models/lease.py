"""Leases of rows: until `claimed_until`, one worker alone works on the row."""

from datetime import datetime, timedelta

# A lease that ends later was taken by a process whose clock is ahead, and blocks nobody. LEASE_SECONDS is
# at most 600, and five minutes are for clocks that differ.
MAX_LEASE = timedelta(minutes=15)
# Clocks that differ by more are wrong.
MAX_CLOCK_DIFFERENCE = timedelta(minutes=5)


def is_leased(claimed_until: datetime | None, at: datetime) -> bool:
    return claimed_until is not None and at < claimed_until <= at + MAX_LEASE
