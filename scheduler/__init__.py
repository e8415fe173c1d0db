"""Scheduled jobs: how the clock reaches the bot."""

from scheduler.job_runner import JobRunner
from scheduler.jobs import JOBS, Job
from scheduler.scheduler import build_scheduler, run_scheduler

__all__ = ["JOBS", "Job", "JobRunner", "build_scheduler", "run_scheduler"]
