"""Takes the pictures in `docs/pictures/`: the demo's story, told in a browser on the day it was written."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect
from sqlmodel import select

from app import running
from bot.i18n import Reader
from bot.receipts import TEMPLATE, receipt_words
from bot.services import Services
from bot.settings import Settings
from bot.use_cases.account_import import import_accounts
from bot.use_cases.receipt import receipt_sheet
from demo.story import ACCOUNTS, WORKSPACE, WRITTEN_ON
from models.receipt import Receipt
from sandbox import Sandbox

CHROMIUM = Path("/usr/bin/chromium")
PICTURES = Path(__file__).parent / "pictures"
WINDOW, PHONE = ViewportSize(width=960, height=680), ViewportSize(width=390, height=780)
# Ten in the morning where Alice is.
BEGINNING = datetime(WRITTEN_ON.year, WRITTEN_ON.month, WRITTEN_ON.day, 9, tzinfo=UTC)


class Clock:
    """Time goes by as it does, from that morning on: the pictures change only where what they show does."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    def __call__(self) -> datetime:
        return BEGINNING + timedelta(seconds=time.monotonic() - self.started)

    def timestamp(self) -> float:
        return self().timestamp()


@asynccontextmanager
async def demo() -> AsyncIterator[tuple[Sandbox, Services]]:
    """As `make demo`, in one process, with the clock set."""
    clock = Clock()
    with TemporaryDirectory() as folder:
        async with Sandbox.start(WORKSPACE, clock=clock.timestamp) as slack:
            values: dict[str, Any] = {
                "_env_file": None,
                "slack_bot_token": slack.bot_token,
                "slack_app_token": slack.app_token,
                "slack_api_url": slack.api_url,
                "smtp_url": slack.smtp_url,
                "mail_from": "seatbot@acme.example",
                "account_services_channel": "C00GENERAL",
                "seller_address": "1 Main Street; Dublin 2; Ireland",
                "database_url": f"sqlite:///{folder}/seatbot.db",
                "port": 0,
            }
            async with running(Settings(**values), clock=clock) as (services, _):
                await import_accounts(services.database, path=ACCOUNTS, at=clock())
                yield slack, services


class Photographer:
    """One person's browser."""

    def __init__(self, page: Page, suffix: str = "") -> None:
        self.page = page
        self.suffix = suffix
        self.modal = page.locator("#modal[open]")

    async def say(self, words: str) -> None:
        await self.page.locator("#composer-text").fill(words)
        await self.page.keyboard.press("Enter")

    async def press(self, name: str) -> None:
        await self.modal.get_by_role("button", name=name, exact=True).last.click()

    async def reads(self, words: str) -> None:
        await expect(self.page.locator("body")).to_contain_text(words)

    async def close(self) -> None:
        await self.modal.locator("header button").last.click()
        await expect(self.modal).to_have_count(0)

    async def go(self, place: str) -> None:
        await self.page.evaluate(f"location.hash = '{place}'")

    async def take(self, name: str, *, reads: str, height: int | None = None) -> None:
        """Once it is there to be read; `height` is less where there is much of it."""
        await self.reads(reads)
        if height:
            await self.page.set_viewport_size(ViewportSize(width=WINDOW["width"], height=height))
        await self.page.evaluate(
            "document.querySelectorAll('.messages').forEach((n) => n.scrollTo(0, 99999))"
        )
        await self.page.mouse.move(0, 0)
        await self.page.screenshot(path=PICTURES / f"{name}{self.suffix}.png", animations="disabled")
        if height:
            await self.page.set_viewport_size(WINDOW)


async def the_order(alice: Photographer) -> None:
    """From the pending quotes to the placed order."""
    for number in ("Q-2041", "Q-2042"):
        await alice.reads(f"Le devis {number} attend votre décision")
    await alice.say("/add-seats")
    await alice.press("Select Acme SA")
    await alice.take("pending-quotes", reads="before you order more seats")
    await alice.press("Continue and replace")
    await alice.page.locator("#confirm[open]").get_by_role("button", name="Continue", exact=True).click()
    await alice.modal.get_by_label("GoTo Meeting").fill("5")
    await alice.modal.get_by_label("GoTo Webinar").fill("2")
    await alice.take("cart", reads="Add seats to Acme SA")
    await alice.press("Save cart and review")
    await alice.take("quote", reads="Total due now")
    await alice.press("Proceed to checkout")
    await alice.take("checkout", reads="Card to charge")
    await alice.press("Save and continue")
    await alice.take("service-order", reads="Service order for Acme SA")
    await alice.press("Place service order")
    await alice.take("placed", reads="Service order SO-1001 has been placed.")
    await alice.close()


async def what_it_led_to(alice: Photographer) -> None:
    """Channel, message, mail, Home, and what went over the wire."""
    await alice.reads("Commande de Service SO-1001 : Terminée")
    card = alice.page.locator("#main .message", has_text="SO-1001").first
    await expect(card.locator(".replies")).to_have_text("5 replies")
    await card.locator(".replies").click()
    await alice.take("channel", reads="terminée", height=500)
    await alice.go("messages")
    await alice.take("receipt", reads="PDF of receipt R-1001")
    await alice.say("/billing receipts")
    await alice.press("Select Acme SA")
    await alice.take("receipts", reads="Receipts of Acme SA")
    await alice.close()
    await alice.go("mail")
    await expect(alice.page.frame_locator(".letter iframe").locator("body")).to_contain_text("Total")
    await alice.take("mail", reads="Receipt R-1001")
    await alice.go("home")
    await alice.take("home", reads="How your seats changed", height=1100)
    await alice.go("messages")
    await alice.say("/billing notices")
    await alice.take("notices", reads="We always send these", height=760)
    await alice.close()
    await alice.go("traffic")
    await alice.page.locator(".entries summary").filter(has_text="view_submission").first.click()
    await alice.take("traffic", reads="Payload")


async def elsewhere(browser: Browser, slack: Sandbox) -> None:
    """In the dark, in French, on a phone."""
    dark = await sit_down(browser, slack, "U01ALICE", "C01ACME", "-dark", color_scheme="dark")
    await dark.take("channel", reads="SO-1001")
    benoit = await sit_down(browser, slack, "U02BENOIT", "C01ACME", "-french")
    await benoit.say("/add-seats meeting 5")
    await benoit.press("Enregistrer et vérifier")
    await benoit.take("quote", reads="Total dû maintenant")
    await benoit.close()
    await benoit.go("home")
    await benoit.take("home", reads="À traiter", height=760)
    chloe = await sit_down(browser, slack, "U04CHLOE", "C03CADENCE", "-phone", viewport=PHONE)
    await chloe.say("/quotes")
    await chloe.take("quotes", reads="a un devis en attente")
    await chloe.close()
    await chloe.go("home")
    await chloe.take("home", reads="À traiter")


async def sit_down(
    browser: Browser, slack: Sandbox, user: str, place: str, suffix: str = "", **options: Any
) -> Photographer:
    page = await browser.new_page(**{"viewport": WINDOW, "timezone_id": "Europe/Paris", **options})
    await page.goto(f"{slack.page_url}?user={user}#{place}")
    await page.locator("#sidebar a").first.wait_for(state="attached")
    return Photographer(page, suffix)


async def the_pdf(services: Services) -> None:
    """The receipt as it is set, in both languages."""
    async with services.read() as session:
        receipt = (await session.exec(select(Receipt))).one()
        sheet = await receipt_sheet(session, receipt, services.settings.seller)
    for tag, suffix in (("en-GB", ""), ("fr-FR", "-french")):
        words = json.dumps(receipt_words(Reader(tag), sheet))
        compiler = typst.Compiler(TEMPLATE, ignore_system_fonts=True, sys_inputs={"receipt": words})
        compiler.compile(output=PICTURES / f"receipt-pdf{suffix}.png", format="png", ppi=72)


async def take_pictures() -> None:
    expect.set_options(timeout=30_000)
    PICTURES.mkdir(exist_ok=True)
    async with demo() as (slack, services), async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-lcd-text"]
        )
        alice = await sit_down(browser, slack, "U01ALICE", "C01ACME")
        await the_order(alice)
        await what_it_led_to(alice)
        await elsewhere(browser, slack)
        await browser.close()
        await the_pdf(services)


if __name__ == "__main__":
    asyncio.run(take_pictures())
