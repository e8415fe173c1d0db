"""The version is said in one place, and everywhere else it is that one."""

import re
import tomllib
from pathlib import Path

from packaging.version import Version
from prometheus_client import REGISTRY
from typer.testing import CliRunner

from bot.cli import cli
from bot.version import VERSION

ROOT = Path(__file__).parent.parent


def test_the_version_is_the_one_of_the_package() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert package["project"]["version"] == VERSION


def test_it_is_that_of_the_changelog_or_a_development_version_of_the_next() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    upgrading = (ROOT / "docs/operate.md").read_text(encoding="utf-8").partition("\n## Upgrading\n")[2]
    released = re.findall(r"^## \[(\d[\d.]+)\]", changelog, re.MULTILINE)
    upcoming = Version(VERSION)
    assert upcoming.is_devrelease == ("\n## [Unreleased]\n" in changelog)
    assert upcoming >= max(map(Version, released))
    if upcoming.is_devrelease:
        assert upcoming.base_version not in released
        assert (
            f"This will be {upcoming.base_version}; until its release, the version is {VERSION}." in changelog
        )
        assert f"{upcoming.base_version} is not released yet." in upgrading


def test_the_command_prints_it() -> None:
    result = CliRunner().invoke(cli, ["--version"])
    assert (result.exit_code, result.output) == (0, f"seatbot {VERSION}\n")


def test_the_metrics_export_it() -> None:
    assert REGISTRY.get_sample_value("seatbot_build_info", {"version": VERSION}) == 1
