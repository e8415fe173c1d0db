"""Forms in the page: what is typed, where the cursor is, and what goes wrong."""

import pytest
from playwright.async_api import expect

from tests.sandbox import gallery
from tests.sandbox.browser_page import GENERAL, SandboxBrowser, find_modal, type_message
from tests.sandbox.tiny_app import HELLO_MODAL, build_greeting
from tests.variants import leave_to_long

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_form_is_corrected_and_sent(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await type_message(page, "/hello modal")
    name, times = find_modal(page).get_by_label("Whom to greet"), find_modal(page).get_by_label("How often")
    await expect(name).to_be_focused()
    await times.fill("many")
    await find_modal(page).get_by_role("button", name="Send").click()
    await expect(find_modal(page).locator(".field-error")).to_have_text(
        ["Please complete this required field.", "Please enter a valid number."]
    )
    await expect(name).to_be_focused()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await times.fill("2")
    await name.fill("nobody")
    await page.keyboard.press("Enter")
    await expect(find_modal(page).locator(".field-error")).to_have_text(["Nobody can be greeted."])
    await name.fill("Bruno")
    await page.keyboard.press("Enter")
    await expect(find_modal(page)).to_have_count(0)
    await expect(page.locator("#sidebar a[href='#messages'] .count")).to_have_text("1")
    await page.get_by_role("link", name="Messages").first.click()
    await expect(page.locator(".message")).to_contain_text("Greeted Bruno")
    assert browsing.seen == ["submitted Bruno"]


async def test_an_update_keeps_words_and_cursor(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await type_message(page, "/hello modal")
    name = find_modal(page).get_by_label("Whom to greet")
    await name.fill("Bruno")
    await find_modal(page).get_by_role("button", name="More").click()
    await expect(find_modal(page)).to_contain_text("More was asked")
    await expect(name).to_have_value("Bruno")
    await expect(find_modal(page).get_by_role("button", name="More")).to_be_focused()


async def test_another_title_of_the_same_view_is_announced(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await type_message(page, "/hello modal")
    name = find_modal(page).get_by_label("Whom to greet")
    await expect(name).to_be_focused()
    [view] = browsing.slack.slack.workspace.iterate_views()
    changed = {**HELLO_MODAL, "title": gallery.build_plain_text("Greeted already")}
    await browsing.client.views_update(view_id=view.id, view=changed)
    await expect(find_modal(page).locator("[aria-live]")).to_have_text("Greeted already")
    await expect(name).to_be_focused()


async def test_focus_stays_in_the_modal_and_returns(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await type_message(page, "/hello modal")
    await find_modal(page).get_by_label("Whom to greet").wait_for()
    for _ in range(8):
        await page.keyboard.press("Tab")
        assert await page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#modal')"
        )
    await page.keyboard.press("Escape")
    await expect(find_modal(page)).to_have_count(0)
    await expect(page.locator("#composer-text")).to_be_focused()
    assert browsing.seen == ["closed False"]


async def test_a_reload_loses_the_modal_and_keeps_the_rest(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await type_message(page, "hello")
    await type_message(page, "/hello modal")
    await find_modal(page).wait_for()
    await page.reload()
    await expect(page.locator(".message")).to_contain_text("hello")
    await expect(find_modal(page)).to_have_count(0)


async def test_errors_in_a_modal_are_shown_inside_it(browsing: SandboxBrowser) -> None:
    """All that is outside a modal dialog is hidden from screen readers, and lies behind its shade."""
    page = await browsing.open_page()
    await type_message(page, "/hello modal")
    await find_modal(page).get_by_role("button", name="Send").click()
    await expect(find_modal(page).locator("[aria-live]")).to_have_text("Please complete this required field.")
    browsing.slack.slack.workspace.clients.clear()
    await find_modal(page).get_by_role("button", name="Send").click()
    await expect(find_modal(page).get_by_role("alert")).to_contain_text("is no longer open")
    browsing.pages.errors.clear()


async def test_focus_returns_to_a_button_after_redrawing(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    posted = await browsing.client.chat_postMessage(
        channel=GENERAL, text="Hello", blocks=build_greeting("Hello")
    )
    button = page.get_by_role("button", name="Open", exact=True)
    await button.click()
    await find_modal(page).wait_for()
    await browsing.client.chat_update(
        channel=GENERAL, ts=posted["ts"], text="Hi", blocks=build_greeting("Hi")
    )
    await expect(page.locator(".message")).to_contain_text("Hi")
    await page.keyboard.press("Escape")
    await expect(find_modal(page)).to_have_count(0)
    await expect(button).to_be_focused()


@pytest.mark.parametrize(
    "kind", ["external_select", *leave_to_long("static_select", "datepicker", "radio_buttons")]
)
async def test_any_field_may_ask_for_the_cursor(browsing: SandboxBrowser, kind: str) -> None:
    page = await browsing.open_page()
    fields = {**gallery.INPUTS[kind], "focus_on_load": True}
    blocks = [gallery.build_input_block("plain_text_input", {}), gallery.build_input_block(kind, fields)]
    clients = browsing.slack.slack.workspace.clients
    client = next(client for (_, name), client in clients.items() if name.startswith("page-"))
    trigger = browsing.slack.slack.workspace.create_trigger(client, "T01").id
    await browsing.client.views_open(trigger_id=trigger, view={**gallery.MODAL, "blocks": blocks})
    asked = find_modal(page).locator(".block").nth(1).locator("input, select").first
    await expect(asked).to_be_focused()


async def test_an_external_select_offers_what_the_app_answers(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await type_message(page, "/hello gallery")
    city = find_modal(page).locator("[data-action=external_select]")
    await city.press_sequentially("pa")
    await expect(find_modal(page).locator(".suggestions [role=option]")).to_have_text(["Paris", "Parma"])
    await page.keyboard.press("Enter")
    await expect(city).to_have_value("Paris")


async def test_an_app_that_does_not_answer_is_marked(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await type_message(page, "/hello modal")
    await find_modal(page).wait_for()
    browsing.slack.deliver_to("http://127.0.0.1:9/nobody")
    await find_modal(page).get_by_role("button", name="More").click()
    await expect(find_modal(page).get_by_role("alert")).to_contain_text("We had some trouble connecting.")
