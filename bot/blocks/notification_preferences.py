"""Which notices one gets, and when: `/billing notices`."""

from collections.abc import Sequence

from bot.blocks import block_kit, navigation
from bot.blocks.block_kit import Place, View
from bot.i18n import Reader
from models.notification_preferences import NoticeChoice, Topic

OPEN = navigation.CHOOSE_NOTICES
SAVE = "notice_choice.save"

WANTED, DELIVERY = "wanted", "delivery"
AT_ONCE, DAILY = "at_once", "daily"


def choice_form(reader: Reader, choice: NoticeChoice, place: Place, notes: Sequence[str] = ()) -> View:
    topics = [
        block_kit.option(reader.text(f"notices-{t.value}"), t.value, reader.text(f"notices-{t.value}-means"))
        for t in Topic
    ]
    chosen = [option for option in topics if choice.wants(Topic(option["value"]))]
    when = [block_kit.option(reader.text(f"notices-{w.replace('_', '-')}"), w) for w in (AT_ONCE, DAILY)]
    blocks = [
        *block_kit.alerts(notes, "success"),
        block_kit.section(reader.mrkdwn("notices-intro")),
        block_kit.input_block(
            WANTED, reader.text("notices-wanted"), block_kit.checkboxes(WANTED, topics, chosen), optional=True
        ),
        block_kit.input_block(
            DELIVERY, reader.text("notices-delivery"), block_kit.radio(DELIVERY, when, when[choice.daily])
        ),
        block_kit.section(reader.mrkdwn("notices-always")),
    ]
    submit = reader.text("notices-submit")
    return block_kit.modal(SAVE, reader.text("notices-title"), blocks, reader, place=place, submit=submit)
