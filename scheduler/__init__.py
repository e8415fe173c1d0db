"""Scheduled jobs: how the clock reaches the bot."""

from scheduler.jobs import JOBS, Job
from scheduler.runner import build_scheduler

__all__ = ["JOBS", "Job", "build_scheduler"]
