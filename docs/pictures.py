"""Takes the pictures in `docs/pictures/`: the demo's screens in a browser, and the documents."""

import asyncio
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import typst
from playwright.async_api import Browser, Page, async_playwright, expect
from sqlmodel import col, select

from bot.dependencies import Dependencies
from bot.i18n import Localizer
from bot.receipts import TEMPLATE_PATH, build_receipt_content
from bot.receipts.fonts import load_fonts
from bot.receipts.quote import build_quote_content
from bot.use_cases.delivery.content.document_files import build_receipt_details
from bot.use_cases.load_details import load_order_details_by_id
from docs.receipt_samples import build_sample_quote, build_sample_receipts, get_sample_tag
from docs.screenshots.account import picture_account
from docs.screenshots.ordering import picture_ordering, picture_overdue_invoice
from docs.screenshots.palette import reduce_to_palette
from docs.screenshots.quotes import picture_quotes
from docs.screenshots.session import PICTURES_PATH, SIZES, Studio
from docs.screenshots.story import StoryClock, run_demo_story
from models.details import ReceiptDetails
from models.receipt import Receipt

CHROMIUM_PATH = Path("/usr/bin/chromium")
# Otherwise they are in the browser's own language, and it may have been installed with only one.
FIELDS_IN_LANGUAGE_OF_PAGE = "--enable-blink-features=LangAttributeAwareFormControlUI"
LOCALES = {"en": "en-US", "fr": "fr-FR"}
DOCUMENTS = "documents"


async def take_screenshots(browser: Browser, locale: str) -> None:
    """Removes those of screens that are no more."""
    for width in SIZES:
        shutil.rmtree(PICTURES_PATH / locale[:2] / width, ignore_errors=True)
    clock = StoryClock()
    async with run_demo_story(locale, clock) as (slack, dependencies):
        workshop = await browser.new_page()
        localizer = Localizer(locale, "Europe/Paris")
        studio = Studio(browser, workshop, slack, dependencies, clock, localizer)
        await picture_quotes(studio)
        await picture_ordering(studio)
        await picture_account(studio)
        await picture_overdue_invoice(studio)
        if locale == LOCALES["en"]:
            await render_receipt_pictures(workshop, dependencies)
            await render_sample_pictures(workshop)


async def render_receipt_pictures(workshop: Page, dependencies: Dependencies) -> None:
    """The receipt as it is set, in both languages."""
    async with dependencies.read() as session:
        receipt = (await session.exec(select(Receipt).order_by(col(Receipt.id)).limit(1))).one()
        orders = await load_order_details_by_id(session, [receipt.order_id], dependencies.now())
    details = build_receipt_details(orders[receipt.order_id], dependencies.settings.seller)
    await render_receipt_picture(workshop, "receipt", details)


async def render_sample_pictures(workshop: Page) -> None:
    """Receipts and order confirmations of several countries, and a quote."""
    for name, details in build_sample_receipts().items():
        await render_receipt_picture(workshop, name, details)
    quote = build_sample_quote()
    account = quote.quote.account
    await render_document_picture(
        workshop,
        "quote",
        account.billing_address.country,
        lambda localizer: build_quote_content(replace(localizer, time_zone=account.time_zone), quote),
    )


async def render_receipt_picture(workshop: Page, name: str, details: ReceiptDetails) -> None:
    country = details.receipt.billing_address.country
    await render_document_picture(workshop, name, country, partial(build_receipt_content, details=details))


async def render_document_picture(
    workshop: Page, name: str, country: str, build_content: Callable[[Localizer], dict[str, Any]]
) -> None:
    for language in LOCALES:
        words = json.dumps(build_content(Localizer(get_sample_tag(language, country))))
        fonts = load_fonts(include_system=False)
        compiler = typst.Compiler(TEMPLATE_PATH, font_paths=fonts, sys_inputs={"receipt": words})
        png = compiler.compile(format="png", ppi=72)
        assert isinstance(png, bytes), "each document has one page"
        path = PICTURES_PATH / language / DOCUMENTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(await reduce_to_palette(workshop, png))


async def take_pictures(languages: list[str]) -> None:
    """A screenshot needs Chromium; `languages` are those to take, for all of them none."""
    expect.set_options(timeout=60_000)
    async with async_playwright() as playwright:
        for language in languages or LOCALES:
            locale = LOCALES[language]
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM_PATH,
                args=["--no-sandbox", "--disable-gpu", "--disable-lcd-text", FIELDS_IN_LANGUAGE_OF_PAGE],
            )
            await take_screenshots(browser, locale)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(take_pictures(sys.argv[1:]))
