"""What a handler came to: its screen, or the one place where refusals become words."""

from dataclasses import dataclass

import structlog

from bot.billing.gateway import BillingUnavailable
from bot.blocks.block_kit import View, render_form_with_errors
from bot.blocks.refusal import format_refusal, render_refusal_modal
from bot.db import DATABASE_UNAVAILABLE_ERRORS
from bot.logs import get_log_reference
from bot.metrics import ERRORS_TOTAL
from bot.tasks import TooBusy
from handlers.request import Call
from handlers.route import Route
from models.billing_contact import IdentityNotFresh
from models.errors import DatabaseUnavailable, InvalidInput, Refusal, UnexpectedError

log = structlog.get_logger()

# The form stays as it is, with these words at its first field: pressing again may do.
TRY_AGAIN = (BillingUnavailable, IdentityNotFresh, TooBusy)


@dataclass(frozen=True)
class Answer:
    """What a handler came to: a screen, or words at fields of the form (block id → text)."""

    view: View | None = None
    errors: dict[str, str] | None = None


async def answer_of(call: Call, route: Route) -> Answer:
    """The handler's screen; a refusal in words; a fault of ours logged, with its reference in the words."""
    assert route.handler is not None, "all but links have a handler"
    try:
        with call.services.tasks.track_interactive_request():
            return Answer(view=await route.handler(call))
    except InvalidInput as invalid:
        errors = _field_errors(call, invalid)
        # A page without a field has nowhere to put words at: they go above it.
        return (
            Answer(errors=errors)
            if _inputs(call)
            else Answer(view=render_form_with_errors(call.view or {}, errors))
        )
    except TRY_AGAIN as refusal:
        return try_again(call, refusal)
    except Refusal as refusal:
        return Answer(view=refused(call, refusal))
    except DATABASE_UNAVAILABLE_ERRORS as error:
        return try_again(call, away(route.id, error))
    except Exception:
        return Answer(view=refused(call, unexpected(route.id)))


def try_again(call: Call, refusal: Refusal) -> Answer:
    """At the form's first field, which keeps what was typed; a screen where there is no form."""
    field = _first_input(call)
    if field is not None:
        return Answer(errors={field: format_refusal(call.reader, refusal)})
    return Answer(view=refused(call, refusal))


def away(where: str, error: Exception) -> DatabaseUnavailable:
    ERRORS_TOTAL.labels(where).inc()
    log.error("database.unavailable", handler=where, exc_info=error)
    return DatabaseUnavailable()


def unexpected(where: str) -> UnexpectedError:
    shown = get_log_reference()
    ERRORS_TOTAL.labels(where).inc()
    log.exception("handler.failed", handler=where, reference=shown)
    return UnexpectedError(reference=shown)


def refused(call: Call, refusal: Refusal) -> View:
    return render_refusal_modal(
        call.reader, refusal, call.place, services_url=call.services.settings.account_services_url
    )


def _field_errors(call: Call, invalid: InvalidInput) -> dict[str, str]:
    """Words at their fields; those of a field that is not on the screen go to the first that is."""
    shown = _inputs(call)
    errors: dict[str, str] = {}
    for name, refusal in invalid.errors.items():
        field = name if name in shown else next(iter(shown), name)
        errors[field] = " ".join(filter(None, [errors.get(field), format_refusal(call.reader, refusal)]))
    return errors


def _inputs(call: Call) -> list[str]:
    """The block ids of the form's inputs."""
    blocks = (call.view or {}).get("blocks")
    if blocks is None:
        return list(call.typed)
    return [block["block_id"] for block in blocks if block["type"] == "input"]


def _first_input(call: Call) -> str | None:
    return next(iter(_inputs(call)), None)
