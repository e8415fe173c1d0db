"""Applies an app's ack: posts a command's reply, updates or closes a modal."""

from typing import Any

from sandbox.errors import Json, SlackError
from sandbox.records import Channel, Client, Installation, Message, View
from sandbox.surfaces import check_message, check_view, push_view, replace_view
from sandbox.traffic import Ack, Traffic
from sandbox.workspace import Workspace

CONNECTION_ERROR_TEXT = "We had some trouble connecting. Try again?"


class AckHandler:
    def __init__(self, workspace: Workspace, traffic: Traffic) -> None:
        self.workspace = workspace
        self.traffic = traffic

    def apply_command_ack(
        self, ack: Ack, name: str, user_id: str, channel: Channel, installation: Installation
    ) -> Message | None:
        """Returns the reply to show, or Slackbot's private message that the command failed."""
        body = ack.body if isinstance(ack.body, dict) else {"text": "" if ack.body is None else str(ack.body)}
        if ack.error:
            return self.post_as_slackbot(
                channel, user_id, installation, f'{name} failed with the error "{ack.error}"'
            )
        if not body.get("text") and not body.get("blocks") and not body.get("attachments"):
            return None
        try:
            return self.post_reply(body, f"ack of {name}", user_id, channel, installation)
        except SlackError as error:
            self.traffic.record_refusal(f"ack of {name}", error.error, error.messages)
            return self.post_as_slackbot(
                channel, user_id, installation, f'{name} failed with the error "{error.error}"'
            )

    def post_as_slackbot(
        self, channel: Channel, user_id: str, installation: Installation, text: str
    ) -> Message:
        return self._post(channel, user_id, installation, {"text": text}, from_slack=True)

    def post_reply(
        self,
        body: Json,
        source: str,
        user_id: str,
        channel: Channel,
        installation: Installation,
        thread_ts: str | None = None,
    ) -> Message:
        """Posts the message of an ack or a response_url: ephemeral unless its response_type is
        `in_channel`."""
        content = self.check_content(body, source)
        content["only_for"] = None if body.get("response_type") == "in_channel" else user_id
        return self._post(channel, user_id, installation, content, thread_ts=thread_ts)

    def check_content(self, body: Json, source: str) -> Json:
        """Checks a message and records its warnings under `source`."""
        content: Json = {
            "text": str(body.get("text") or ""),
            "blocks": body.get("blocks") or [],
            "attachments": body.get("attachments") or [],
            "markdown_text": "",
        }
        self.traffic.warnings += [
            f"{source}: {warning}" for warning in check_message(self.workspace, content)
        ]
        return content

    def _post(
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
            ts=self.workspace.create_ts(),
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

    def apply_submission_ack(self, ack: Ack, client: Client, view: View) -> None:
        """`view` may be a stale copy: the view that the client shows under the same id is updated."""
        shown = client.find_view(view.id) or view
        shown.errors, shown.error = {}, None
        try:
            if ack.error:
                raise SlackError(ack.error)
            self._apply_response_action(ack.body, client, shown)
        except SlackError as error:
            shown.error = CONNECTION_ERROR_TEXT
            if not ack.error:
                self.traffic.record_refusal(f"ack of view {view.callback_id}", error.error, error.messages)
        self.workspace.changes.notify()

    def _apply_response_action(self, body: Any, client: Client, view: View) -> None:
        if body in (None, "", {}):
            _close_top_view(client, view)
            return
        action = body.get("response_action") if isinstance(body, dict) else None
        if action == "errors":
            view.errors = _parse_input_errors(view, body.get("errors"))
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


def _close_top_view(client: Client, view: View) -> None:
    if view in client.stack:
        client.stack = client.stack[: client.stack.index(view)]


def _parse_input_errors(view: View, errors: Any) -> dict[str, str]:
    if not isinstance(errors, dict) or not errors:
        raise SlackError("invalid_errors", ["[ERROR] must provide an object [json-pointer:/errors]"])
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if strangers := sorted(set(errors) - inputs):
        raise SlackError(
            "invalid_errors", [f"[ERROR] no input block {name} [json-pointer:/errors]" for name in strangers]
        )
    return {block_id: str(text) for block_id, text in errors.items()}
