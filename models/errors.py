"""Refusals: each business "no" is an exception of its own, with the key of its text."""

import re
from typing import ClassVar


class Refusal(Exception):
    """A business "no".

    `key` names its text in the message files, and `variables` fill it in. A class's key is `refusal-` and its
    name in kebab case, unless it sets its own.
    """

    key: ClassVar[str] = "refusal"

    def __init_subclass__(cls) -> None:
        if "key" not in cls.__dict__:
            cls.key = "refusal-" + re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(self, **variables: object) -> None:
        super().__init__(self.key, variables)
        self.variables = variables


class ForbiddenTransition(Refusal):
    """A status that may not follow the current one (R18)."""


class InvalidInput(Refusal):
    """Form fields with errors: field name → the refusal that says why."""

    def __init__(self, errors: dict[str, Refusal]) -> None:
        super().__init__(fields=", ".join(sorted(errors)))
        self.errors = errors


class UnexpectedError(Refusal):
    """An error on our side: logged with the reference that the person is shown."""


class DatabaseUnavailable(Refusal):
    """Our own database does not respond: the last request may or may not have been stored."""


class DatabaseReadOnly(Refusal):
    """Our own database answers, but stores nothing: it is a standby, or its disk is full."""


class ViewTriggerExpired(Refusal):
    """Slack allows three seconds to open a view, and they have passed."""


class SlackUnavailable(Refusal):
    """Slack did not answer, or not in a way that can be read, when a view was to be shown."""


class UnknownSubcommand(Refusal):
    """The text after a command is not one of its subcommands."""


class UnknownControl(Refusal):
    """A button or a form of another version of the bot, which this one does not know."""


class UnknownCommand(Refusal):
    """Slack still has a command that this version of the bot does not know."""
