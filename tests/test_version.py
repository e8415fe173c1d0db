"""The version is said in one place, and everywhere else it is that one."""

import tomllib
from pathlib import Path

from prometheus_client import REGISTRY
from typer.testing import CliRunner

from bot.cli import cli
from bot.version import VERSION

ROOT = Path(__file__).parent.parent


def test_the_version_is_the_one_of_the_package() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert package["project"]["version"] == VERSION


def test_the_command_prints_it() -> None:
    result = CliRunner().invoke(cli, ["--version"])
    assert (result.exit_code, result.output) == (0, f"seatbot {VERSION}\n")


def test_the_metrics_export_it() -> None:
    assert REGISTRY.get_sample_value("seatbot_build_info", {"version": VERSION}) == 1
