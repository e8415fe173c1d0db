"""An accounts file with as many accounts as wanted."""

PRODUCTS = ("goto-meeting", "goto-webinar", "goto-training", "gotoassist-v4", "gotoassist-v5")


def build_large_accounts_file(accounts: int) -> str:
    """Accounts of five subscriptions, two contacts, an administrator, a card and a quote each."""
    return "accounts:\n" + "".join(_build_account(n) for n in range(accounts))


def _build_account(n: int) -> str:
    subscriptions = "".join(
        f"      - {{id: sub_{n}_{i}, product: {product}, seats: {10 + i}, unit_price: '14.00',\n"
        f"         period: month, period_start: 2026-11-01, period_end: 2026-12-01}}\n"
        for i, product in enumerate(PRODUCTS)
    )
    return f"""
  - id: account-{n}
    name: Account {n}
    slack_team: T{n}
    channel: C{n}
    currency: EUR
    tax_rate: "0.20"
    locale: fr
    time_zone: Europe/Paris
    billing_address: {{line1: {n} rue de la Paix, postal_code: "75002", city: Paris, country: FR}}
    billing_contacts:
      - {{email: alice{n}@acme.example, name: Alice Martin}}
      - {{email: benoit{n}@acme.example, name: Benoît Roy}}
    administrators:
      - {{email: hugo{n}@acme.example, name: Hugo Petit, seats: [sub_{n}_0]}}
    payment_methods:
      - {{id: pm_{n}, brand: visa, last4: "4242", expires: 2028-04, automatic: true, default: true}}
    subscriptions:
{subscriptions}    quotes:
      - {{number: Q-{n}, expires: 2026-11-30, lines: [{{subscription: sub_{n}_0, seats: 10}}]}}
"""
