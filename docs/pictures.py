"""Takes the pictures in `docs/pictures/`: the demo in a browser, on the day its accounts were written for."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect
from sqlmodel import col, select

from bot.commands.server import run_bot
from bot.dependencies import Dependencies
from bot.i18n import Localizer
from bot.receipts import TEMPLATE_PATH, build_receipt_content
from bot.receipts.fonts import load_fonts
from bot.receipts.quote import build_quote_content
from bot.settings import Settings
from bot.use_cases.accounts_import.run import import_accounts
from bot.use_cases.delivery.document_files import build_receipt_details
from bot.use_cases.load_details import load_order_details_by_id
from demo.story import ACCOUNTS_PATH, STORY_DATE, WORKSPACE_PATH
from docs.receipt_samples import build_sample_quote, build_sample_receipts
from models.receipt import Receipt
from sandbox import Sandbox

CHROMIUM_PATH = Path("/usr/bin/chromium")
PICTURES_PATH = Path(__file__).parent / "pictures"
WINDOW_SIZE, PHONE_SIZE = ViewportSize(width=960, height=680), ViewportSize(width=390, height=780)
# For all of the service order, and of the checkout with an address to fill in.
ORDER_HEIGHT = 1240
# Ten in the morning in Alice's time zone.
STORY_START = datetime(STORY_DATE.year, STORY_DATE.month, STORY_DATE.day, 9, tzinfo=UTC)


class StoryClock:
    """Runs from that morning on, so that the pictures change only if what they show does."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    def __call__(self) -> datetime:
        return STORY_START + timedelta(seconds=time.monotonic() - self.started)

    def timestamp(self) -> float:
        return self().timestamp()


@asynccontextmanager
async def run_demo_story() -> AsyncIterator[tuple[Sandbox, Dependencies]]:
    """As `make demo`, in one process, with the clock set."""
    clock = StoryClock()
    with TemporaryDirectory() as folder:
        async with Sandbox.start(WORKSPACE_PATH, clock=clock.timestamp) as slack:
            values: dict[str, Any] = {
                "_env_file": None,
                "slack_bot_token": slack.bot_token,
                "slack_app_token": slack.app_token,
                "slack_api_url": slack.api_url,
                "smtp_url": slack.smtp_url,
                "mail_from": "seatbot@acme.example",
                "account_services_channel": "C00GENERAL",
                "seller_address": "1 Main Street; Dublin 2; Ireland",
                "seller_tax_id": "VAT IE1234567T",
                "database_url": f"sqlite:///{folder}/seatbot.db",
                "port": 0,
            }
            async with run_bot(Settings(**values), clock=clock) as (dependencies, _):
                await import_accounts(dependencies.database, path=ACCOUNTS_PATH, at=clock())
                yield slack, dependencies


class ScreenshotSession:
    """One person's browser."""

    def __init__(self, page: Page, suffix: str = "") -> None:
        self.page = page
        self.suffix = suffix
        self.modal = page.locator("#modal[open]")

    async def send_text(self, text: str) -> None:
        await self.page.locator("#composer-text").fill(text)
        await self.page.keyboard.press("Enter")

    async def select_button(self, name: str) -> None:
        await self.modal.get_by_role("button", name=name, exact=True).last.click()

    async def wait_for_text(self, text: str) -> None:
        await expect(self.page.locator("body")).to_contain_text(text)

    async def close_modal(self) -> None:
        await self.modal.locator("header button").last.click()
        await expect(self.modal).to_have_count(0)

    async def open_page(self, name: str) -> None:
        await self.page.evaluate(f"location.hash = '{name}'")

    async def take_picture(self, name: str, *, expected_text: str, height: int | None = None) -> None:
        """Once it is rendered; `height` limits what is long."""
        await self.wait_for_text(expected_text)
        size = self.page.viewport_size or WINDOW_SIZE
        if height:
            await self.page.set_viewport_size(ViewportSize(width=size["width"], height=height))
        await self.page.evaluate(
            "document.querySelectorAll('.messages').forEach((n) => n.scrollTo(0, 99999))"
        )
        await self.page.mouse.move(0, 0)
        await self.page.screenshot(path=PICTURES_PATH / f"{name}{self.suffix}.png", animations="disabled")
        if height:
            await self.page.set_viewport_size(size)

    async def take_period_picture(self, last_day_label: str) -> None:
        """Of the form that emails receipts, until the end of the story's month."""
        await self.modal.get_by_label(last_day_label).fill("2026-11-30")
        await expect(self.modal).to_contain_text("R-1001")
        await self.take_picture("receipts-period", expected_text="R-1001", height=800)

    async def take_spending_picture(self, localizer: Localizer) -> None:
        """Of the chart on Home, which only the contacts of a single account get."""
        chart = self.page.locator(".chart", has_text=localizer.format_text("spending-title"))
        await chart.screenshot(path=PICTURES_PATH / f"spending{self.suffix}.png", animations="disabled")


async def take_order_pictures(alice: ScreenshotSession) -> None:
    """From the pending quotes to the placed order."""
    for number in ("Q-2041", "Q-2042"):
        await alice.wait_for_text(f"Le devis {number} attend votre décision")
    await alice.send_text("/add-seats")
    await alice.select_button("Select Acme SA")
    await alice.take_picture("pending-quotes", expected_text="before you order more seats")
    await alice.select_button("Continue and replace")
    await alice.page.locator("#confirm[open]").get_by_role("button", name="Continue", exact=True).click()
    await alice.modal.get_by_label("GoTo Meeting").fill("5")
    await alice.modal.get_by_label("GoTo Webinar").fill("2")
    await alice.take_picture("cart", expected_text="Add seats to Acme SA")
    await alice.select_button("Save cart and review")
    await alice.take_picture("quote", expected_text="Total due now")
    await alice.select_button("Proceed to checkout")
    await alice.take_picture("service-order", expected_text="Service order for Acme SA")
    await alice.select_button("Change the billing address")
    await alice.take_picture("checkout", expected_text="Payment method to charge")
    await alice.select_button("Save and continue")
    await alice.select_button("Place service order")
    await alice.take_picture("placed", expected_text="Service order SO-1001 has been placed.")
    await alice.close_modal()


async def take_result_pictures(alice: ScreenshotSession) -> None:
    """Channel, message, mail, Home, and the traffic inspector."""
    await alice.wait_for_text("Commande de Service SO-1001 : Terminée")
    card = alice.page.locator("#main .message", has_text="SO-1001").first
    await expect(card.locator(".replies")).to_have_text("6 replies")
    await card.locator(".replies").click()
    await alice.take_picture("channel", expected_text="terminée", height=500)
    await alice.open_page("messages")
    await alice.take_picture("receipt", expected_text="PDF of receipt R-1001")
    await alice.open_page("C01ACME")
    await alice.send_text("/service-orders SO-1001")
    await alice.take_picture("order", expected_text="R-1001", height=ORDER_HEIGHT)
    await alice.close_modal()
    await alice.open_page("messages")
    await alice.send_text("/billing receipts")
    await alice.select_button("Select Acme SA")
    await alice.take_picture("receipts", expected_text="Receipts for Acme SA")
    await alice.select_button("Email receipts for a period")
    await alice.take_period_picture("To (inclusive)")
    await alice.close_modal()
    await alice.open_page("mail")
    await expect(alice.page.frame_locator(".email iframe").locator("body")).to_contain_text("Total")
    await alice.take_picture("mail", expected_text="Receipt R-1001")
    await alice.open_page("home")
    await alice.take_picture("home", expected_text="How your seats changed", height=1100)
    await alice.open_page("messages")
    await alice.send_text("/billing notifications")
    await alice.take_picture("notices", expected_text="We always send these", height=760)
    await alice.close_modal()
    await alice.open_page("traffic")
    await alice.page.locator(".entries summary").filter(has_text="view_submission").first.click()
    await alice.take_picture("traffic", expected_text="Payload")


async def take_variant_pictures(browser: Browser, slack: Sandbox) -> None:
    """In dark mode, in French, on a phone."""
    dark = await open_session(browser, slack, "U01ALICE", "C01ACME", "-dark", color_scheme="dark")
    await dark.take_picture("channel", expected_text="SO-1001")
    benoit = await open_session(browser, slack, "U02BENOIT", "C01ACME", "-french")
    await benoit.send_text("/add-seats meeting 5")
    await benoit.select_button("Enregistrer et vérifier")
    await benoit.wait_for_text("Total dû maintenant")
    await benoit.close_modal()
    await benoit.open_page("home")
    await benoit.take_picture("home", expected_text="À traiter", height=760)
    await benoit.take_spending_picture(Localizer("fr-FR"))
    await benoit.open_page("C01ACME")
    await take_step_pictures(benoit, Localizer("fr-FR"))
    await benoit.send_text("/billing receipts")
    await benoit.select_button("Envoyer les reçus d’une période")
    await benoit.take_period_picture("Au (inclus)")
    await benoit.close_modal()
    emma = await open_session(browser, slack, "U06EMMA", "C05ECHO")
    await emma.send_text("/add-seats assist 3")
    for step in ("cart-submit", "quote-submit", "placement-submit"):
        await emma.select_button(Localizer("en-GB").format_text(step))
    await emma.wait_for_text(Localizer("en-GB").format_text("placed-title"))
    await emma.close_modal()
    await emma.open_page("home")
    await emma.take_spending_picture(Localizer("en-GB"))
    chloe = await open_session(browser, slack, "U04CHLOE", "C03CADENCE", "-phone", viewport=PHONE_SIZE)
    await chloe.send_text("/quotes")
    await chloe.take_picture("quotes", expected_text="a un devis en attente")
    await chloe.close_modal()
    await chloe.open_page("home")
    await chloe.take_picture("home", expected_text="À traiter")
    phone = await open_session(browser, slack, "U01ALICE", "C01ACME", "-phone", viewport=PHONE_SIZE)
    await take_step_pictures(phone, Localizer("en-GB"), account="Acme SA")
    french_phone = await open_session(
        browser, slack, "U02BENOIT", "C01ACME", "-phone-french", viewport=PHONE_SIZE
    )
    await take_step_pictures(french_phone, Localizer("fr-FR"))
    for person in (benoit, phone, french_phone):
        await take_state_pictures(person)


async def take_step_pictures(
    person: ScreenshotSession, localizer: Localizer, account: str | None = None
) -> None:
    """Each screen of an order, in the person's language; `account` is for somebody who has several."""
    say = localizer.format_text
    await person.send_text("/add-seats meeting 5")
    if account:
        await person.select_button(say("cart-choose-label", account=account))
    for name, next_step, height in (
        ("cart", "cart-submit", None),
        ("quote", "quote-submit", None),
        ("service-order", "action-change-address-label", ORDER_HEIGHT),
        ("checkout", "checkout-submit", ORDER_HEIGHT),
    ):
        button = person.modal.get_by_role("button", name=say(next_step), exact=True).last
        await expect(button).to_be_visible()
        text = "Visa" if name == "checkout" else "GoTo Meeting"
        await person.take_picture(name, expected_text=text, height=height)
        await button.click()
    await person.select_button(say("placement-submit"))
    await person.take_picture("placed", expected_text=say("placed-title"))
    await person.close_modal()


async def take_state_pictures(person: ScreenshotSession) -> None:
    """What a completed order leaves: the order, its receipt's message, and the account."""
    await person.open_page("C01ACME")
    await person.send_text("/service-orders SO-1001")
    await person.take_picture("order", expected_text="R-1001", height=ORDER_HEIGHT)
    await person.close_modal()
    await person.open_page("messages")
    await person.take_picture("receipt", expected_text="R-1001")


async def open_session(
    browser: Browser, slack: Sandbox, user: str, page_name: str, suffix: str = "", **options: Any
) -> ScreenshotSession:
    page = await browser.new_page(**{"viewport": WINDOW_SIZE, "timezone_id": "Europe/Paris", **options})
    await page.goto(f"{slack.page_url}?user={user}#{page_name}")
    await page.locator("#sidebar a").first.wait_for(state="attached")
    return ScreenshotSession(page, suffix)


async def render_receipt_pictures(dependencies: Dependencies) -> None:
    """The receipt as it is set, in both languages."""
    async with dependencies.read() as session:
        receipt = (await session.exec(select(Receipt).order_by(col(Receipt.id)).limit(1))).one()
        orders = await load_order_details_by_id(session, [receipt.order_id], dependencies.now())
    details = build_receipt_details(orders[receipt.order_id], dependencies.settings.seller)
    render_document_picture("receipt-pdf", lambda localizer: build_receipt_content(localizer, details))


def render_sample_pictures() -> None:
    """Receipts and order confirmations of several countries, and a quote."""
    for name, details in build_sample_receipts().items():
        render_document_picture(name, partial(build_receipt_content, details=details))
    quote = build_sample_quote()
    time_zone = quote.quote.account.time_zone
    render_document_picture(
        "quote-pdf", lambda localizer: build_quote_content(replace(localizer, time_zone=time_zone), quote)
    )


def render_document_picture(name: str, build_content: Callable[[Localizer], dict[str, Any]]) -> None:
    for tag, suffix in (("en-GB", ""), ("fr-FR", "-french")):
        words = json.dumps(build_content(Localizer(tag)))
        fonts = load_fonts(include_system=False)
        compiler = typst.Compiler(TEMPLATE_PATH, font_paths=fonts, sys_inputs={"receipt": words})
        compiler.compile(output=PICTURES_PATH / f"{name}{suffix}.png", format="png", ppi=72)


async def take_pictures() -> None:
    expect.set_options(timeout=30_000)
    PICTURES_PATH.mkdir(exist_ok=True)
    async with run_demo_story() as (slack, dependencies), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM_PATH, args=["--no-sandbox", "--disable-gpu", "--disable-lcd-text"]
        )
        alice = await open_session(browser, slack, "U01ALICE", "C01ACME")
        await take_order_pictures(alice)
        await take_result_pictures(alice)
        await take_variant_pictures(browser, slack)
        await browser.close()
        await render_receipt_pictures(dependencies)
    render_sample_pictures()


if __name__ == "__main__":
    asyncio.run(take_pictures())
