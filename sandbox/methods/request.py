"""A Web API call, as its handler gets it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.block_kit import walk_objects
from sandbox.errors import Json, SlackError
from sandbox.rate_limits import RateLimiter
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
    rate_limits: RateLimiter
    warnings: list[str] = field(default_factory=list)

    def get_required(self, name: str) -> str:
        value = self.args.get(name)
        if value is None or value == "":
            raise SlackError("invalid_arguments", [f"[ERROR] missing required field: {name}"])
        return str(value)

    def get_text(self, name: str) -> str:
        return str(self.args.get(name) or "")

    def get_flag(self, name: str) -> bool:
        return str(self.args.get(name, "")).lower() in ("true", "1")

    def parse_json(self, name: str) -> Any:
        """Parses an argument that is JSON: a form sends it as a string, a JSON body as an object."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            error = "invalid_blocks_format" if name == "blocks" else "invalid_arguments"
            raise SlackError(error, [f"[ERROR] invalid JSON [json-pointer:/{name}]"]) from None

    def require_scope(self, scope: str) -> None:
        """Checks a scope, for methods whose scope depends on the arguments."""
        if scope not in self.installation.scopes:
            raise build_scope_error((scope,), self.installation)

    def check_videos(self, content: Any) -> None:
        if any(part.get("type") == "video" for part, _ in walk_objects(content)):
            self.require_scope("links.embed:write")


def build_scope_error(needed: Iterable[str], installation: Installation) -> SlackError:
    return SlackError("missing_scope", needed=",".join(needed), provided=",".join(installation.scopes))


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Method:
    """`scopes` are alternatives: any one of them is enough. If there are none, a valid token is enough."""

    handler: Handler
    scopes: tuple[str, ...] = ()
