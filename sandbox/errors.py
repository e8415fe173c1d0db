from typing import Any

Json = dict[str, Any]


class SlackError(Exception):
    """An error response: `error` is Slack's error name, `messages` go to `response_metadata.messages`."""

    def __init__(self, error: str, messages: list[str] | None = None, **extra: Any) -> None:
        super().__init__(f"{error}: {'; '.join(messages)}" if messages else error)
        self.error = error
        self.messages = messages or []
        self.extra = extra

    def build_body(self) -> Json:
        body: Json = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": self.messages}
        return body


class NotShown(LookupError):
    """A person tried to use something that is not visible to them."""
