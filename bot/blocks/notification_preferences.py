"""Which notices a person gets, and when: `/billing notifications`."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import ModalMetadata, View
from bot.i18n import Localizer
from models.notice.notification_preferences import NotificationPreferences, NotificationTopic

OPEN = navigation.OPEN_PREFERENCES
SAVE = "notification_preferences.save"

TOPICS_INPUT, DELIVERY_INPUT = "wanted", "delivery"
IMMEDIATE_DELIVERY, DAILY_DELIVERY = "at_once", "daily"


def render_preferences_modal(
    localizer: Localizer,
    preferences: NotificationPreferences,
    metadata: ModalMetadata,
    notes: Sequence[str] = (),
) -> View:
    topics = [
        block_kit.build_option(
            localizer.format_text(f"notifications-{t.value}"),
            t.value,
            localizer.format_text(f"notifications-{t.value}-hint"),
        )
        for t in NotificationTopic
    ]
    chosen = [option for option in topics if preferences.is_enabled(NotificationTopic(option["value"]))]
    when = [
        block_kit.build_option(localizer.format_text(f"notifications-{w.replace('_', '-')}"), w)
        for w in (IMMEDIATE_DELIVERY, DAILY_DELIVERY)
    ]
    blocks = [
        *block_kit.build_alerts(notes, "success"),
        block_kit.build_section(localizer.format_mrkdwn("notifications-intro")),
        block_kit.build_input(
            TOPICS_INPUT,
            localizer.format_text("notifications-wanted"),
            block_kit.build_checkboxes(TOPICS_INPUT, topics, chosen),
            optional=True,
        ),
        block_kit.build_input(
            DELIVERY_INPUT,
            localizer.format_text("notifications-delivery"),
            block_kit.build_radio_buttons(DELIVERY_INPUT, when, when[preferences.daily_digest]),
        ),
        block_kit.build_section(localizer.format_mrkdwn("notifications-always")),
    ]
    submit = localizer.format_text("notifications-submit")
    return block_kit.build_modal(
        SAVE,
        localizer.format_text("notifications-title"),
        blocks,
        localizer,
        metadata=metadata,
        submit_label=submit,
    )
