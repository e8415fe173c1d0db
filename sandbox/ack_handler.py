"""What an app's ack does: a command's reply, a modal's next step."""

from typing import Any

from sandbox.errors import Json, SlackError
from sandbox.records import Channel, Client, Installation, Message, View
from sandbox.surfaces import check_message, check_view, push_view, replace_view
from sandbox.traffic import Ack, Traffic
from sandbox.workspace import Workspace

TROUBLE = "We had some trouble connecting. Try again?"


class Acks:
    def __init__(self, workspace: Workspace, traffic: Traffic) -> None:
        self.workspace = workspace
        self.traffic = traffic

    def command(
        self, ack: Ack, name: str, user_id: str, channel: Channel, installation: Installation
    ) -> Message | None:
        """The reply to show, or Slackbot's private message that there was none."""
        body = ack.body if isinstance(ack.body, dict) else {"text": "" if ack.body is None else str(ack.body)}
        if ack.error:
            return self.slackbot(
                channel, user_id, installation, f'{name} failed with the error "{ack.error}"'
            )
        if not body.get("text") and not body.get("blocks") and not body.get("attachments"):
            return None
        try:
            return self.reply(body, f"ack of {name}", user_id, channel, installation)
        except SlackError as error:
            self.traffic.refuse(f"ack of {name}", error.error, error.messages)
            return self.slackbot(
                channel, user_id, installation, f'{name} failed with the error "{error.error}"'
            )

    def slackbot(self, channel: Channel, user_id: str, installation: Installation, words: str) -> Message:
        return self._say(channel, user_id, installation, {"text": words}, from_slack=True)

    def reply(
        self,
        body: Json,
        what: str,
        user_id: str,
        channel: Channel,
        installation: Installation,
        thread_ts: str | None = None,
    ) -> Message:
        """A message as acks and response_urls send it: for one's eyes only unless it says `in_channel`."""
        content = self.content(body, what)
        content["only_for"] = None if body.get("response_type") == "in_channel" else user_id
        return self._say(channel, user_id, installation, content, thread_ts=thread_ts)

    def content(self, body: Json, what: str) -> Json:
        """Checked; its warnings are kept under the name of what brought it."""
        content: Json = {
            "text": str(body.get("text") or ""),
            "blocks": body.get("blocks") or [],
            "attachments": body.get("attachments") or [],
            "markdown_text": "",
        }
        self.traffic.warnings += [f"{what}: {word}" for word in check_message(self.workspace, content)]
        return content

    def _say(
        self,
        channel: Channel,
        user_id: str,
        installation: Installation,
        content: Json,
        *,
        thread_ts: str | None = None,
        from_slack: bool = False,
    ) -> Message:
        message = Message(
            ts=self.workspace.new_ts(),
            channel_id=channel.id,
            user_id="USLACKBOT" if from_slack else installation.bot_user_id,
            bot_id=None if from_slack else installation.bot_id,
            team_id=installation.team_id,
            text=content["text"],
            blocks=content.get("blocks", []),
            attachments=content.get("attachments", []),
            only_for=content.get("only_for", user_id),
            thread_ts=thread_ts,
        )
        channel.messages.append(message)
        self.workspace.changes.notify()
        return message

    def submission(self, ack: Ack, client: Client, view: View) -> None:
        """`view` may be a stale copy: what is drawn is the one the client shows under that id."""
        shown = client.find(view.id) or view
        shown.errors, shown.error = {}, None
        try:
            if ack.error:
                raise SlackError(ack.error)
            self._respond(ack.body, client, shown)
        except SlackError as error:
            shown.error = TROUBLE
            if not ack.error:
                self.traffic.refuse(f"ack of view {view.callback_id}", error.error, error.messages)
        self.workspace.changes.notify()

    def _respond(self, body: Any, client: Client, view: View) -> None:
        if body in (None, "", {}):
            _close_top(client, view)
            return
        action = body.get("response_action") if isinstance(body, dict) else None
        if action == "errors":
            view.errors = _input_errors(view, body.get("errors"))
        elif action == "update":
            check_view(self.workspace, body.get("view"), "modal")
            replace_view(self.workspace, view, body["view"])
        elif action == "push":
            check_view(self.workspace, body.get("view"), "modal")
            push_view(self.workspace, client, body["view"], view.team_id)
        elif action == "clear":
            client.stack = []
        else:
            raise SlackError("invalid_response_action", [f"[ERROR] unsupported response_action: {action}"])


def _close_top(client: Client, view: View) -> None:
    if view in client.stack:
        client.stack = client.stack[: client.stack.index(view)]


def _input_errors(view: View, errors: Any) -> dict[str, str]:
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_errors", ["[ERROR] must provide an object [json-pointer:/errors]"])
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if strangers := sorted(set(errors) - inputs):
        raise SlackError(
            "invalid_errors", [f"[ERROR] no input block {name} [json-pointer:/errors]" for name in strangers]
        )
    return {block_id: str(text) for block_id, text in errors.items()}
