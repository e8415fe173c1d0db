from sandbox.errors import Json, SlackError
from sandbox.methods.conversations import get_thread_ts, get_writable_channel
from sandbox.methods.request import Call, Method
from sandbox.payloads import build_file_json
from sandbox.records import File, Message
from sandbox.surfaces import check_message


def get_upload_url_external(call: Call) -> Json:
    name, length = call.get_required("filename"), call.get_required("length")
    if not length.isdecimal() or int(length) == 0:
        raise SlackError("invalid_arguments", ["[ERROR] must be greater than 0 [json-pointer:/length]"])
    file = File(call.workspace.create_id("F"), name, call.installation.team_id, length=int(length))
    file.alt_text = call.get_text("alt_txt")
    file.created = call.workspace.clock()
    call.workspace.files[file.id] = file
    return {"upload_url": f"{call.base_url}/upload/v1/{file.id}", "file_id": file.id}


def complete_upload_external(call: Call) -> Json:
    entries = call.parse_json("files") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SlackError("invalid_arguments", ["[ERROR] must provide an array [json-pointer:/files]"])
    files = [_get_uploaded_file(call, entry) for entry in entries]
    if not files:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: files"])
    for file, entry in zip(files, entries, strict=True):
        file.title, file.complete = str(entry.get("title") or file.name), True
    for channel_id in _list_channel_ids(call):
        _share_files(call, files, channel_id)
    return {"files": [build_file_json(file) for file in files]}


def info(call: Call) -> Json:
    file = call.workspace.files.get(call.get_required("file"))
    if file is None or file.team_id != call.installation.team_id:
        raise SlackError("file_not_found")
    return {"file": build_file_json(file)}


def _get_uploaded_file(call: Call, entry: Json) -> File:
    file = call.workspace.files.get(str(entry.get("id")))
    if file is None or not file.content:
        raise SlackError("file_not_found")
    return file


def _list_channel_ids(call: Call) -> list[str]:
    if channel_id := call.get_text("channel_id"):
        return [channel_id]
    return [channel for channel in call.get_text("channels").split(",") if channel]


def _share_files(call: Call, files: list[File], channel_id: str) -> None:
    # Unlike chat.postMessage, this method doesn't accept a user id for a direct message.
    channel = get_writable_channel(call, channel_id)
    thread_ts = get_thread_ts(call, channel)
    text, blocks = call.get_text("initial_comment"), call.parse_json("blocks") or []
    check_message(
        call.workspace,
        {"text": text, "blocks": blocks, "attachments": [], "markdown_text": "", "files": files},
    )
    for file in files:
        file.channels.append(channel.id)
    message = Message(
        ts=call.workspace.create_ts(),
        channel_id=channel.id,
        user_id=call.installation.bot_user_id,
        bot_id=call.installation.bot_id,
        team_id=call.installation.team_id,
        text=text,
        blocks=blocks,
        thread_ts=thread_ts,
        files=[file.id for file in files],
    )
    channel.messages.append(message)


METHODS = {
    "files.completeUploadExternal": Method(complete_upload_external, ("files:write",)),
    "files.getUploadURLExternal": Method(get_upload_url_external, ("files:write",)),
    "files.info": Method(info, ("files:read",)),
}
