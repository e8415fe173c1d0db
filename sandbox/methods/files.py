from sandbox.errors import Json, SlackError
from sandbox.methods.conversations import thread_of, writable_channel
from sandbox.methods.request import Call, Method
from sandbox.payloads import file_json
from sandbox.records import File, Message
from sandbox.surfaces import check_message


def get_upload_url_external(call: Call) -> Json:
    name, length = call.required("filename"), call.required("length")
    if not length.isdecimal() or int(length) == 0:
        raise SlackError("invalid_arguments", ["[ERROR] must be greater than 0 [json-pointer:/length]"])
    file = File(call.workspace.new_id("F"), name, call.installation.team_id, length=int(length))
    file.alt_text = call.text("alt_txt")
    file.created = call.workspace.clock()
    call.workspace.files[file.id] = file
    return {"upload_url": f"{call.base_url}/upload/v1/{file.id}", "file_id": file.id}


def complete_upload_external(call: Call) -> Json:
    entries = call.structure("files") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SlackError("invalid_arguments", ["[ERROR] must provide an array [json-pointer:/files]"])
    files = [_uploaded(call, entry) for entry in entries]
    if not files:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: files"])
    for file, entry in zip(files, entries, strict=True):
        file.title, file.complete = str(entry.get("title") or file.name), True
    for channel_id in _channels(call):
        _share(call, files, channel_id)
    return {"files": [file_json(file) for file in files]}


def info(call: Call) -> Json:
    file = call.workspace.files.get(call.required("file"))
    if file is None or file.team_id != call.installation.team_id:
        raise SlackError("file_not_found")
    return {"file": file_json(file)}


def _uploaded(call: Call, entry: Json) -> File:
    file = call.workspace.files.get(str(entry.get("id")))
    if file is None or not file.content:
        raise SlackError("file_not_found")
    return file


def _channels(call: Call) -> list[str]:
    if channel_id := call.text("channel_id"):
        return [channel_id]
    return [channel for channel in call.text("channels").split(",") if channel]


def _share(call: Call, files: list[File], channel_id: str) -> None:
    # Unlike chat.postMessage, this method takes no user id for a direct message.
    channel = writable_channel(call, channel_id)
    thread_ts = thread_of(call, channel)
    text, blocks = call.text("initial_comment"), call.structure("blocks") or []
    check_message(
        call.workspace,
        {"text": text, "blocks": blocks, "attachments": [], "markdown_text": "", "files": files},
    )
    for file in files:
        file.channels.append(channel.id)
    message = Message(
        ts=call.workspace.new_ts(),
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
