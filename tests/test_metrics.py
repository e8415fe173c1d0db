"""Every metric follows Prometheus' conventions, and docs/operate.md explains it with its labels."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

import bot.billing.stripe.gateway  # noqa: F401 -- exports what it counts
from bot.billing.gateway import BillingUnavailable
from bot.metrics import to_snake_case

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
LABELS = {
    "destination",
    "error",
    "handler",
    "job",
    "kind",
    "operation",
    "outcome",
    "reason",
    "service",
    "status",
    "version",
}
SUFFIXES = {"Counter": r"_total", "Histogram": r"_(seconds|bytes)", "Gauge": r"(?<!_total)"}
NOT_BASE_UNITS = {"milliseconds", "ms", "minutes", "hours", "days", "kilobytes", "megabytes", "percent"}


@dataclass(frozen=True)
class MetricDefinition:
    constant: str
    type: str
    name: str
    labels: tuple[str, ...]


def list_metrics() -> list[MetricDefinition]:
    """Read from the source: the library has no public way to ask a metric for its labels."""
    module = ast.parse((ROOT / "bot/metrics.py").read_text(encoding="utf-8"))
    found = []
    for node in module.body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=constant)], value=ast.Call(func=ast.Name(id=type_), args=arguments)
            ) if type_ in SUFFIXES:
                name, _, *labels = map(ast.literal_eval, arguments)
                found.append(MetricDefinition(constant, type_, name, tuple(labels[0]) if labels else ()))
    return found


METRICS = list_metrics()


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_follows_the_conventions(metric: MetricDefinition) -> None:
    assert metric.name == f"seatbot_{metric.constant.lower()}"
    assert re.fullmatch(rf"[a-z]+(_[a-z]+)*{SUFFIXES[metric.type]}", metric.name)
    assert not NOT_BASE_UNITS & set(metric.name.split("_"))
    if {"age", "duration", "timestamp"} & set(metric.name.split("_")):
        assert metric.name.endswith("_seconds")
    assert set(metric.labels) <= LABELS


def test_every_metric_is_explained_with_its_labels() -> None:
    [table] = re.findall(r"\| metric \|.*?\n\n", PAGE, re.DOTALL)
    rows = dict(re.findall(r"^\| `(\w+)`(?: \*\*db\*\*)? \| (.*) \|$", table, re.MULTILINE))
    assert rows.keys() == {metric.name for metric in METRICS}
    missing = [(m.name, label) for m in METRICS for label in m.labels if f"`{label}`" not in rows[m.name]]
    assert missing == []


def test_each_way_in_which_the_provider_fails_alerts_and_is_exported_from_the_start() -> None:
    """An increase is seen between two samples only."""
    [asked] = re.findall(
        r'\| `sum\(increase\(seatbot_call_errors_total\{service="billing",error=~"([^"]+)"', PAGE
    )
    errors: list[type[Exception]] = [BillingUnavailable, *list_subclasses(BillingUnavailable)]
    failures = {to_snake_case(error.__name__) for error in errors}
    assert {*asked.split(r"\|")} == failures
    for operation in ("list_subscriptions", "preview_lines"):
        for error in failures:
            labels = {"service": "billing", "operation": operation, "error": error}
            assert REGISTRY.get_sample_value("seatbot_call_errors_total", labels) is not None, labels


def test_each_way_in_which_slack_rejects_a_token_is_exported_from_the_start() -> None:
    [asked] = re.findall(r'\| `sum\(rate\(seatbot_call_errors_total\{service="slack",error=~"([^"]+)"', PAGE)
    for error in asked.split(r"\|"):
        labels = {"service": "slack", "operation": "users.info", "error": error}
        assert REGISTRY.get_sample_value("seatbot_call_errors_total", labels) is not None, labels


def list_subclasses(of: type[Exception]) -> list[type[Exception]]:
    return [found for child in of.__subclasses__() for found in (child, *list_subclasses(child))]


def test_the_page_names_no_metric_that_is_not_there() -> None:
    named = {name.removesuffix("_bucket") for name in re.findall(r"seatbot_[a-z_]+", PAGE)}
    assert named == {metric.name for metric in METRICS}


def test_the_alerts_ask_for_labels_that_are_there() -> None:
    labels = {metric.name: metric.labels for metric in METRICS}
    asked = re.findall(r"(seatbot_\w+)\{([^}]+)\}", PAGE)
    assert asked
    for name, selector in asked:
        assert set(re.findall(r"(\w+)=", selector)) <= set(labels[name]), name
