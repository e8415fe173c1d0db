"""Tax with the embedded provider, from the accounts file to the receipt (R10, R28)."""

from decimal import Decimal

from models.quote import Quote
from models.receipt import Receipt
from models.tax import TaxTreatment
from tests.handlers.steps import find_newest_message, import_account, open_modal
from tests.handlers.test_receipts import extract_pdf_text
from tests.world import ACCOUNTS, World
from tests.yaml_files import read_yaml

REVERSE_CHARGE = "Reverse charge: no tax is charged. You account for the tax yourself."


async def test_r28_reverse_charge_is_shown_before_placing_and_on_the_receipt(world: World) -> None:
    await import_account(world, "acme", tax_exemption="reverse", tax_id="FR40303265045")
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=5)
    assert REVERSE_CHARGE in placement.text
    assert "VAT number: FR40303265045" in placement.text
    await alice.submit()
    await world.settle()
    receipt = await world.load_row(Receipt)
    assert (receipt.tax, receipt.tax_facts.buyer_tax_ids) == (0, ("FR40303265045",))
    [mail] = world.slack.mail.messages
    pdf = " ".join(extract_pdf_text(mail.attachments[0].content).split())
    for part in (REVERSE_CHARGE, "VAT number: FR40303265045"):
        assert part in pdf
        assert part in mail.text


async def test_r28_an_order_at_two_rates_lists_both(world: World) -> None:
    subscriptions = next(a for a in read_yaml(ACCOUNTS)["accounts"] if a["id"] == "acme")["subscriptions"]
    for subscription in subscriptions:
        if subscription["id"] == "acme_webinar":
            subscription["tax_rate"] = "0.055"
    await import_account(world, "acme", subscriptions=subscriptions, tax_name="TVA")
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=5, acme_webinar=1)
    quote = await world.load_row(Quote)
    await import_account(world, "acme", subscriptions=subscriptions, tax_name="TVA", tax_id="FR40303265045")
    await alice.submit()
    await world.settle()
    receipt = await world.load_row(Receipt)
    assert quote.tax_facts.buyer_tax_ids == ()
    assert receipt.tax_facts.buyer_tax_ids == ("FR40303265045",), "the one entered since the quote"
    rates = {item.percent: item for item in receipt.taxes}
    assert rates.keys() == {Decimal(20), Decimal("5.5")}
    assert sum(item.amount for item in rates.values()) == receipt.tax == quote.tax
    for percent, item in rates.items():
        assert item.treatment is TaxTreatment.TAXED
        label, amount = f"TVA {percent:f}% on €{item.taxable_amount / 100:,.2f}", f"€{item.amount / 100:,.2f}"
        assert f"{label}\n{amount}" in placement.text
        order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
        assert f"{label}\n{amount}" in order.text
        assert f"{label}: {amount}" in world.slack.mail.messages[0].text
        assert f"{label}: {amount}" in find_newest_message(alice.dms, "has been placed").text
