"""Every id is `feature.verb`, drawn in blocks and routed to the handlers of its feature."""

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from bot import blocks
from bot.blocks.block_kit import ModalMetadata
from bot.blocks.notice import render_notice_message
from bot.blocks.quote import BACK_ACTIONS_BY_ORIGIN, render_quote_modal
from bot.i18n import Localizer
from handlers.route import Route
from handlers.routes import ROUTES
from models.notice import NoticeKind
from tests.blocks.sample_messages import make_message
from tests.blocks.samples import LONGEST, USUAL, make_quote_details
from tests.blocks.test_limits import SCREENS, URL

ID = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
FEATURES = (
    "cart",
    "quote",
    "quote_extension",
    "checkout",
    "service_order",
    "receipt",
    "receipt_export",
    "invoice",
    "account",
    "billing_contact",
    "home",
    "notification_preferences",
)
PRESSED = [route for route in ROUTES if route.kind in ("show", "change", "link")]
SUBMITTED = [route for route in ROUTES if route.kind == "submit"]


def constants() -> dict[str, str]:
    """Where an id is named → the id: `cart.SAVE` → `cart.save`."""
    found = {}
    for module in pkgutil.iter_modules(blocks.__path__):
        content = vars(importlib.import_module(f"bot.blocks.{module.name}"))
        for name, value in content.items():
            if name.isupper() and isinstance(value, str) and ID.fullmatch(value):
                found[f"{module.name}.{name}"] = value
    return found


@cache
def drawn() -> list[dict[str, Any]]:
    """Every screen, and the one that has pages where it has several; a quote from wherever one came; every
    message."""
    reader = Localizer("en-GB", "Europe/Paris")
    return [
        *(draw(reader, USUAL) for draw in SCREENS.values()),
        SCREENS["cart.save"](reader, LONGEST),
        *(
            render_quote_modal(reader, make_quote_details(), ModalMetadata(account="acme", quote=1, origin=o))
            for o in BACK_ACTIONS_BY_ORIGIN
        ),
        *(render_notice_message(make_message(kind, reader), URL) for kind in NoticeKind),
    ]


def elements(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if "action_id" in part:
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from elements(inner)


@cache
def buttons() -> dict[str, dict[str, Any]]:
    """Action id → one of the buttons, or of the fields that are sent at once, that send it."""
    return {
        element["action_id"]: element
        for view in drawn()
        for block in view["blocks"]
        for element in elements(block)
        if element["type"] == "button" or block.get("dispatch_action")
    }


@cache
def views() -> dict[str, bool]:
    """Callback id → whether it can be submitted."""
    found: dict[str, bool] = {}
    for view in drawn():
        if "callback_id" in view:
            found[view["callback_id"]] = found.get(view["callback_id"], False) or "submit" in view
    return found


def forms() -> set[str]:
    return {callback_id for callback_id, submitted in views().items() if submitted}


def test_every_id_that_blocks_name_is_routed_or_the_name_of_a_view() -> None:
    routed = {route.id for route in [*PRESSED, *SUBMITTED]}
    unknown = {where: id_ for where, id_ in constants().items() if id_ not in routed | views().keys()}
    assert unknown == {}


def test_every_button_is_routed() -> None:
    assert buttons().keys() - {route.id for route in PRESSED} == set()


def test_every_form_is_routed() -> None:
    assert forms() - {route.id for route in SUBMITTED} == set()


@pytest.mark.parametrize("route", PRESSED, ids=lambda route: route.id)
def test_every_routed_button_is_drawn(route: Route) -> None:
    assert route.id in buttons()


@pytest.mark.parametrize("route", SUBMITTED, ids=lambda route: route.id)
def test_every_routed_form_is_drawn(route: Route) -> None:
    assert route.id in forms()


@pytest.mark.parametrize("route", [r for r in PRESSED if r.kind == "link"], ids=lambda route: route.id)
def test_routes_that_only_acknowledge_are_links(route: Route) -> None:
    assert "url" in buttons()[route.id]


def test_links_only_need_an_ack() -> None:
    links = {action_id for action_id, button in buttons().items() if "url" in button}
    assert links == {route.id for route in PRESSED if route.kind == "link"}


@pytest.mark.parametrize("route", [*PRESSED, *SUBMITTED], ids=lambda route: f"{route.kind} {route.id}")
def test_an_id_is_a_feature_and_a_verb_and_is_routed_by_the_features_handlers(route: Route) -> None:
    assert ID.fullmatch(route.id)
    feature = route.id.split(".")[0]
    assert route in importlib.import_module(f"handlers.{feature}").ROUTES
    if route.handler is not None:
        assert route.handler.__module__ == f"handlers.{feature}"


def test_an_id_defined_in_blocks_begins_with_a_feature() -> None:
    features = {*FEATURES, "refusal"}
    assert {id_.split(".")[0] for id_ in constants().values()} <= features


def test_no_id_is_routed_twice() -> None:
    """A button and the form it opens may share one; no two buttons may, nor two forms."""
    for routes in (PRESSED, SUBMITTED):
        twice = [id_ for id_, times in Counter(route.id for route in routes).items() if times > 1]
        assert twice == []


@pytest.mark.parametrize("route", [r for r in ROUTES if r.kind == "command"], ids=lambda route: route.id)
@pytest.mark.parametrize("tag", ["en-GB", "fr-FR"])
def test_every_command_has_its_help_in_every_language(route: Route, tag: str) -> None:
    assert Localizer(tag).has_message("help-" + route.id.removeprefix("/"))
