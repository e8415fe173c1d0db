"""What an error of Slack's Web API says, and what can be done about it."""

import math
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

DEFAULT_RETRY_AFTER_SECONDS, MAX_RETRY_AFTER_SECONDS = 30.0, 3600.0


class SlackErrorKind(Enum):
    RATE_LIMITED = auto()  # retry after what the response says
    TRANSIENT = auto()  # retry
    REJECTED = auto()  # never accepted: the request itself is at fault
    BLOCKS_REJECTED = auto()  # … its blocks are: without them, the text may be accepted
    TARGET_GONE = (
        auto()
    )  # what it refers to (a message, a thread, a view) is gone, or can no longer be changed
    DESTINATION_UNREACHABLE = auto()  # never accepted there, whatever is sent
    TRIGGER_EXPIRED = auto()  # a modal can be opened only within seconds of what the person did
    TOKEN = auto()  # until an operator or a workspace admin has corrected the token or its permissions
    UNKNOWN = auto()  # not documented: it may pass


# As documented for chat.postMessage, chat.update, chat.postEphemeral, conversations.open, views.open,
# views.update, views.publish, files.getUploadURLExternal and files.completeUploadExternal, for example at
# https://docs.slack.dev/reference/methods/chat.postMessage; the names without a page of their own were seen.
ERROR_NAMES: Mapping[SlackErrorKind, tuple[str, ...]] = {
    SlackErrorKind.RATE_LIMITED: ("rate_limited", "ratelimited"),
    SlackErrorKind.TRANSIENT: (
        "external_channel_migrating", "fatal_error", "file_update_failed", "hash_conflict", "internal_error",
        "message_limit_exceeded", "org_login_required", "request_timeout", "service_unavailable",
        "streaming_state_conflict", "team_added_to_org", "unable_to_share_files", "update_failed",
    ),
    SlackErrorKind.REJECTED: (
        "alt_txt_too_large", "as_user_not_supported", "attachment_payload_limit_exceeded",
        "blocked_file_type", "cant_broadcast_message", "channels_limit_exceeded", "deprecated_endpoint",
        "duplicate_channel_not_found", "duplicate_external_id", "duplicate_message_not_found", "file_deleted",
        "file_is_deleted", "file_not_found", "file_share_limit_reached", "file_type_not_allowed",
        "file_upload_size_restricted", "file_uploads_disabled", "file_uploads_except_images_disabled",
        "invalid_arg_name", "invalid_arguments", "invalid_array_arg", "invalid_attachments",
        "invalid_charset", "invalid_form_data", "invalid_json", "invalid_metadata_format",
        "invalid_metadata_schema", "invalid_post_type", "json_not_object", "markdown_text_conflict",
        "max_file_sharing_exceeded", "metadata_must_be_sent_from_app", "metadata_too_large",
        "method_deprecated", "missing_argument", "missing_file_data", "missing_post_type",
        "missing_profile_id", "msg_too_long", "no_dual_broadcast_content_update", "no_text",
        "not_enough_users", "not_implemented", "posting_to_channel_denied",
        "slack_connect_blocked_file_type", "slack_connect_canvas_sharing_blocked",
        "slack_connect_clip_sharing_blocked", "slack_connect_file_link_sharing_blocked",
        "slack_connect_file_upload_sharing_blocked", "slack_connect_lists_sharing_blocked",
        "snippet_too_large", "storage_limit_reached", "too_many_attachments", "too_many_contact_cards",
        "too_many_users", "unknown_method", "unknown_snippet_type", "unknown_subtype",
        "users_list_not_supplied", "view_too_large",
    ),
    SlackErrorKind.BLOCKS_REJECTED: ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"),
    SlackErrorKind.TARGET_GONE: (
        "block_mismatch", "cannot_reply_to_message", "cant_update_message", "edit_window_closed",
        "invalid_thread_ts", "message_not_found", "not_found", "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked", "thread_not_found", "view_not_found",
    ),
    SlackErrorKind.DESTINATION_UNREACHABLE: (
        "cannot_dm_bot", "channel_not_found", "channel_type_not_supported", "ekm_access_denied",
        "invalid_channel", "invalid_user_combination", "is_archived", "is_inactive", "messages_tab_disabled",
        "method_not_supported_for_channel_type", "no_permission", "not_enabled", "not_in_channel",
        "posting_to_general_channel_denied", "restricted_action", "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel", "team_access_not_granted", "team_not_found",
        "user_disabled", "user_not_found", "user_not_in_channel", "user_not_visible", "users_not_found",
    ),
    SlackErrorKind.TRIGGER_EXPIRED: (
        "exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id", "trigger_exchanged",
        "trigger_expired",
    ),
    SlackErrorKind.TOKEN: (
        "access_denied", "accesslimited", "account_inactive", "enterprise_is_restricted", "invalid_auth",
        "missing_scope", "not_allowed_token_type", "not_authed", "token_expired",
        "token_revoked", "two_factor_setup_required",
    ),
}  # fmt: skip
OUTAGE_KINDS = (SlackErrorKind.RATE_LIMITED, SlackErrorKind.TRANSIENT)
KIND_BY_ERROR_NAME = {name: kind for kind, names in ERROR_NAMES.items() for name in names}

# Those of a token that was revoked, or was never valid …
REVOKED_TOKEN_ERRORS = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_revoked"})
# … and of one of the wrong type or scope, which does not prove that the bot was uninstalled.
INVALID_TOKEN_ERRORS = REVOKED_TOKEN_ERRORS | {"missing_scope", "not_allowed_token_type", "token_expired"}


def get_error_kind(error: SlackApiError) -> SlackErrorKind:
    status = get_http_status(error)
    if status == 429:
        return SlackErrorKind.RATE_LIMITED
    name = get_error_name(error)
    # A body that is not Slack's: from Slack's edge, or from a proxy on the way.
    unknown = SlackErrorKind.TRANSIENT if name == f"http_{status}" else SlackErrorKind.UNKNOWN
    return KIND_BY_ERROR_NAME.get(name, unknown)


class UnreadableResponse(aiohttp.ClientPayloadError):
    """Something answered, but not Slack's Web API: text, a list, or bytes that are no text."""


def get_error_name(error: Exception) -> str:
    """Returns Slack's name for the error; the HTTP status if the response was not Slack's; otherwise the name
    of the exception's class."""
    if not isinstance(error, SlackApiError):
        return type(error).__name__
    return str(_get_data(error).get("error") or f"http_{get_http_status(error)}")


def is_slack_failure(error: SlackApiError) -> bool:
    """True if another attempt may help: Slack reports a failure of its own, or the response is a web page,
    empty or incomplete."""
    return get_error_kind(error) in OUTAGE_KINDS


def get_error_details(error: SlackApiError) -> object:
    return _get_data(error).get("response_metadata")


def get_http_status(error: SlackApiError) -> int:
    response: Any = error.response
    return int(getattr(response, "status_code", getattr(response, "status", 0)))


def read_retry_after(error: SlackApiError) -> float:
    headers = getattr(error.response, "headers", None) or {}
    try:
        seconds = float(headers.get("Retry-After", DEFAULT_RETRY_AFTER_SECONDS))
    except ValueError:
        return DEFAULT_RETRY_AFTER_SECONDS
    if math.isnan(seconds):
        return DEFAULT_RETRY_AFTER_SECONDS
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)


def _get_data(error: SlackApiError) -> dict[str, Any]:
    data = getattr(error.response, "data", None)
    return data if isinstance(data, dict) else {}
