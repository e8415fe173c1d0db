"""Refusals: each business "no" is an exception of its own, carrying the key of its words."""

import re
from typing import ClassVar


class Refusal(Exception):
    """A business "no".

    `key` names its text in the message files; `words` fill the text's variables. A class's key is its
    name in kebab case behind `refusal-`, unless it sets its own.
    """

    key: ClassVar[str] = "refusal"

    def __init_subclass__(cls) -> None:
        if "key" not in cls.__dict__:
            cls.key = "refusal-" + re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(self, **variables: object) -> None:
        super().__init__(self.key, variables)
        self.variables = variables


class ForbiddenTransition(Refusal):
    """A state that may not follow the present one (R18)."""


class InvalidInput(Refusal):
    """Fields of a form that cannot be taken: field name → the refusal that says why."""

    def __init__(self, errors: dict[str, Refusal]) -> None:
        super().__init__(fields=", ".join(sorted(errors)))
        self.errors = errors


class UnexpectedError(Refusal):
    """A fault of ours: logged with the reference that the person is shown."""


class DatabaseUnavailable(Refusal):
    """Our own database does not answer: it may or may not have stored what was asked of it last."""


class ViewTriggerExpired(Refusal):
    """Slack gives three seconds to open a screen, and they are over."""


class UnknownSubcommand(Refusal):
    """What stands after a command is none of its words."""
