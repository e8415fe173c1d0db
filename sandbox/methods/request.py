"""One Web API call as the method functions see it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.block_kit import walk
from sandbox.errors import Json, SlackError
from sandbox.rate_limits import RateLimits
from sandbox.records import Installation
from sandbox.workspace import Workspace

JSON_ARGUMENTS = {"attachments", "blocks", "files", "metadata", "view", "unfurls"}


@dataclass
class Call:
    method: str
    args: Json
    workspace: Workspace
    base_url: str
    installation: Installation
    rate_limits: RateLimits
    warnings: list[str] = field(default_factory=list)

    def required(self, name: str) -> str:
        value = self.args.get(name)
        if value is None or value == "":
            raise SlackError("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return str(value)

    def text(self, name: str) -> str:
        return str(self.args.get(name) or "")

    def flag(self, name: str) -> bool:
        return str(self.args.get(name, "")).lower() in ("true", "1")

    def structure(self, name: str) -> Any:
        """An argument that is JSON: a form sends it as a string, a JSON body as itself."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            error = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
            raise SlackError(error, [f"[ERROR] invalid JSON [json-pointer:/{name}]"]) from None

    def need_scope(self, scope: str) -> None:
        """For methods whose scope depends on the arguments."""
        if scope not in self.installation.scopes:
            raise missing_scope((scope,), self.installation)

    def check_videos(self, content: Any) -> None:
        if any(part.get("type") == "video" for part, _ in walk(content)):
            self.need_scope("links.embed:write")


def missing_scope(needed: Iterable[str], installation: Installation) -> SlackError:
    return SlackError("missing_scope", needed=",".join(needed), provided=",".join(installation.scopes))


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Method:
    """`scopes` are alternatives: any one of them is enough; none means that the token alone is."""

    handler: Handler
    scopes: tuple[str, ...] = ()
