"""Which notices one gets, and when: `/billing notices`."""

from collections.abc import Sequence

from bot.blocks import kit, ways
from bot.blocks.kit import Place, View
from bot.i18n import Reader
from models.notice_choice import NoticeChoice, Topic

OPEN = ways.CHOOSE_NOTICES
SAVE = "notice_choice.save"

WANTED, DELIVERY = "wanted", "delivery"
AT_ONCE, DAILY = "at_once", "daily"


def choice_form(reader: Reader, choice: NoticeChoice, place: Place, notes: Sequence[str] = ()) -> View:
    topics = [
        kit.option(
            reader.text(f"notifications-{t.value}"), t.value, reader.text(f"notifications-{t.value}-hint")
        )
        for t in Topic
    ]
    chosen = [option for option in topics if choice.wants(Topic(option["value"]))]
    when = [kit.option(reader.text(f"notifications-{w.replace('_', '-')}"), w) for w in (AT_ONCE, DAILY)]
    blocks = [
        *kit.alerts(notes, "success"),
        kit.section(reader.mrkdwn("notifications-intro")),
        kit.input_block(
            WANTED, reader.text("notifications-wanted"), kit.checkboxes(WANTED, topics, chosen), optional=True
        ),
        kit.input_block(
            DELIVERY, reader.text("notifications-delivery"), kit.radio(DELIVERY, when, when[choice.daily])
        ),
        kit.section(reader.mrkdwn("notifications-always")),
    ]
    submit = reader.text("notifications-submit")
    return kit.modal(SAVE, reader.text("notifications-title"), blocks, reader, place=place, submit=submit)
