"""Blocks and words in the page: all are drawn, named, and stand out from their ground."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from tests.sandbox import gallery
from tests.sandbox.browser_page import GENERAL, SandboxBrowser, find_modal, type_message
from tests.variants import leave_to_long

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FAINT_WORDS = Path(__file__).with_name("contrast.js").read_text("utf-8")


async def test_every_block_and_element_is_drawn(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await browsing.client.chat_postMessage(channel=GENERAL, text="one", blocks=gallery.MESSAGE)
    await browsing.client.chat_postMessage(channel=GENERAL, text="two", blocks=gallery.SECOND_MESSAGE)
    await expect(page.locator(".message")).to_have_count(2)
    await type_message(page, "/hello gallery")
    await find_modal(page).wait_for()
    assert await page.locator(".unknown").count() == 0
    for number, shown in enumerate((gallery.MESSAGE, gallery.SECOND_MESSAGE)):
        assert await page.locator(".message").nth(number).locator(".blocks > .block").count() == len(shown)
    assert await find_modal(page).locator(".block").count() == len(gallery.MODAL["blocks"])
    assert await page.locator(".chart svg").count() == 4
    await expect(page.locator(".chart table").first).to_contain_text("bought")


NAMELESS = """() => [...document.querySelectorAll("input, select, textarea, button, a, [role=group]")]
    .filter((node) => !node.labels?.length && !node.title && !node.textContent.trim()
        && !node.getAttribute("aria-label") && !node.getAttribute("aria-labelledby"))
    .map((node) => node.outerHTML)"""


async def test_everything_that_can_be_used_has_a_name(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await browsing.client.chat_postMessage(channel=GENERAL, text="one", blocks=gallery.MESSAGE)
    await expect(page.locator(".message")).to_have_count(1)
    await type_message(page, "/hello gallery")
    await find_modal(page).wait_for()
    assert await page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("scheme", ["dark", *leave_to_long("light")])
async def test_all_words_stand_out_from_their_ground(browsing: SandboxBrowser, scheme: Any) -> None:
    page = await browsing.open_page(color_scheme=scheme)
    await browsing.client.chat_postMessage(channel=GENERAL, text="one", blocks=gallery.MESSAGE)
    await type_message(page, "/hello you")
    await expect(page.locator(".message")).to_have_count(2)
    await page.locator("#composer-text").fill("")
    assert await page.evaluate(FAINT_WORDS) == []
    await type_message(page, "/hello gallery")
    await find_modal(page).wait_for()
    assert await page.evaluate(FAINT_WORDS) == []


async def test_a_data_table_sorts_filters_and_pages(browsing: SandboxBrowser) -> None:
    page = await browsing.open_page()
    await browsing.client.chat_postMessage(channel=GENERAL, text="table", blocks=[gallery.DATA_TABLE])
    rows = page.locator(".data-table tbody tr")
    await expect(rows).to_have_count(2)
    await page.get_by_role("button", name="Next page").click()
    await expect(rows.first).to_contain_text("Row 2")
    await page.get_by_role("button", name="Month").dblclick()
    await expect(page.get_by_role("columnheader", name="Month")).to_have_attribute("aria-sort", "descending")
    await page.get_by_role("searchbox").fill("row 4")
    await expect(rows).to_have_count(1)


async def test_words_are_shown_as_slack_shows_them(browsing: SandboxBrowser) -> None:
    words = (
        "<!date^1795341600^{date_long} at {time}|then> <@U01ALICE> <script>alert(1)</script> &lt;b&gt; `x`"
    )
    alice, bruno = await browsing.open_page(), await browsing.open_page("U02BRUNO")
    await browsing.client.chat_postMessage(channel=GENERAL, text=words)
    text = alice.locator(".message .text")
    await expect(text).to_contain_text(re.compile(r"Sunday, November 22, 2026 at 5:00\sAM"))
    await expect(text).to_contain_text("@Alice Martin <script>alert(1)</script> <b> x")
    await expect(bruno.locator(".message .text")).to_contain_text("dimanche 22 novembre 2026 at 11:00")


async def test_bold_holds_what_is_inside_it_and_no_more(browsing: SandboxBrowser) -> None:
    words = "*no post to <#C01GENERAL>* and *`/x` bold* but `*a*` *b `c*` d_e_f <http://a.example/_x_|*l*>"
    alice = await browsing.open_page()
    await browsing.client.chat_postMessage(channel=GENERAL, text=words)
    text = alice.locator(".message .text")
    await expect(text).to_contain_text("but *a* *b c* d_e_f *l*")
    await expect(text.locator("strong")).to_have_text(["no post to #general", "/x bold"])
    await expect(text.locator("strong code")).to_have_text(["/x"])
