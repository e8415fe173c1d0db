import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.accounts_file.cross_checks import StoredRecords
from bot.accounts_file.read import parse_accounts, read_accounts_file
from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
from bot.use_cases.accounts_import.existing import build_account_values
from tests.time_limits import HANG_SECONDS

ACME = """\
accounts:
  - id: acme
    name: Acme SA
    slack_team: T01ACME
    channel: C01BILLING
    currency: EUR
    tax_rate: "0.20"
    locale: fr
    time_zone: Europe/Paris
    self_service: true
    billing_address: {line1: 1 rue de la Paix, postal_code: "75002", city: Paris, country: FR}
    billing_contacts:
      - {email: Alice@Acme.example, name: Alice Martin, slack_user: U01ALICE}
      - {email: benoit@acme.example, name: Benoît Roy}
    administrators:
      - {email: hugo@acme.example, name: Hugo Petit, seats: [sub_1]}
    payment_methods:
      - {id: pm_1, brand: visa, last4: "4242", expires: 2028-04, automatic: true, default: true}
      - {id: pm_2, brand: visa, last4: 0123, expires: 2028-04}
    subscriptions:
      - {id: sub_1, product: goto-meeting, seats: 25, unit_price: 14.10, period: month,
         period_start: 2026-11-01, period_end: 2026-12-01}
      - {id: sub_2, product: rescue, seats: 3, unit_price: "60.00", period: year,
         period_start: 2026-03-01, period_end: 2027-03-01}
      - {id: sub_3, product: goto-meeting, seats: 3, unit_price: 60, period: year,
         period_start: 2026-03-01, period_end: 2027-03-01}
    quotes:
      - {number: Q-2041, expires: 2026-11-30, lines: [{subscription: sub_1, seats: 10, unit_price: "13.00"}]}
      - {number: Q-2042, expires: 2026-11-30T10:00:00Z, lines: [{subscription: sub_2, seats: 1}]}
products:
  - {id: rescue, name: Rescue, additional_seats: false, reason: Sold by Account Services.}
"""
OTHER = """\
  - id: other
    name: Other Ltd
    slack_team: T02OTHER
    currency: GBP
    billing_address: {line1: 1 High Street, postal_code: N1, city: London, country: GB}
"""


def list_problems(text: str, stored: StoredRecords | None = None) -> list[str]:
    with pytest.raises(InvalidAccountsFile) as refused:
        parse_accounts(text, "accounts.yml", stored or StoredRecords())
    return [str(problem) for problem in refused.value.problems]


def with_other(section: str) -> str:
    """A second account, with that section."""
    return ACME.replace("products:\n", OTHER + section + "products:\n")


def test_everything_is_read_as_it_was_written() -> None:
    [account] = parse_accounts(ACME, "accounts.yml").accounts
    assert account.subscriptions[0].unit_price == "14.10"
    assert account.billing_contacts[0].email == "alice@acme.example"
    assert account.payment_methods[0].expires == (2028, 4)
    assert account.payment_methods[1].last4 == "0123"
    assert account.quotes[0].expires == date(2026, 11, 30)
    assert account.quotes[0].lines[0].unit_price == "13.00"


def test_norway_is_a_country() -> None:
    [account] = parse_accounts(ACME.replace("country: FR", "country: NO"), "accounts.yml").accounts
    assert account.billing_address.country == "NO"


def test_a_bare_date_ends_with_that_day_in_the_accounts_zone() -> None:
    [account] = parse_accounts(ACME, "accounts.yml").accounts
    assert account.quotes[0].compute_expiry("Europe/Paris") == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert account.quotes[1].compute_expiry("Europe/Paris") == datetime(2026, 11, 30, 10, tzinfo=UTC)


def test_a_time_without_a_zone_is_in_the_accounts_zone() -> None:
    text = ACME.replace("2026-11-30T10:00:00Z", "2026-11-30 10:00:00")
    [account] = parse_accounts(text, "accounts.yml").accounts
    assert account.quotes[1].compute_expiry("Europe/Paris") == datetime(2026, 11, 30, 9, tzinfo=UTC)


def test_self_service_takes_a_reason() -> None:
    text = ACME.replace("self_service: true", "self_service: {eligible: false, reason: Ask us.}")
    [account] = parse_accounts(text, "accounts.yml").accounts
    assert (account.self_service.eligible, account.self_service.reason) == (False, "Ask us.")


def test_a_reason_can_be_given_in_each_language() -> None:
    reasons = "{fr: Demandez-nous., en: Ask us.}"
    text = ACME.replace("self_service: true", f"self_service: {{eligible: false, reason: {reasons}}}")
    [account] = parse_accounts(text, "accounts.yml").accounts
    assert account.self_service.reason == {"en": "Ask us.", "fr": "Demandez-nous."}


def test_r29_an_account_belongs_to_an_organisation_instead_of_a_workspace() -> None:
    text = ACME.replace("slack_team: T01ACME", "slack_enterprise: E01ACME")
    [account] = parse_accounts(text, "accounts.yml").accounts
    assert build_account_values(account)["slack_team"] == "E01ACME"


# what is written → what is written instead, the line, the field, and a part of the message
WRONG_FIELDS = [
    ("name: Acme SA", "nam: Acme SA", 2, "name", "is missing"),
    ("name: Acme SA", "nam: Acme SA", 3, "nam", "is not a known key"),
    ("name: Acme SA", "name: ''", 3, "name", "is empty"),
    ("name: Acme SA", "name: [Acme]", 3, "name", "must be text"),
    ("name: Acme SA", 'name: "Acme\\0SA"', 3, "name", "another control character (U+0000)"),
    ("name: Acme SA", 'name: "\\e]0;Acme\\a"', 3, "name", "another control character (U+001B)"),
    ("name: Acme SA", 'name: "Acme\\nBcc: x@acme.example"', 3, "name", "a line break"),
    ("name: Acme SA", 'name: "Acme \\u202eAS"', 3, "name", "another control character (U+202E)"),
    ("name: Acme SA", "name: Null", 3, "name", "Null means “no value” in YAML; write it in quotes"),
    ("name: Acme SA", "name: ~", 3, "name", "~ means “no value” in YAML; write it in quotes"),
    ("Alice@Acme.example", "=?utf-8?q?a?=@acme.example", 13, "billing_contacts[0].email", "encoded word"),
    ("name: Acme SA", "name: Acme SA\n    name: Acme", 4, "name", "is given twice"),
    ("T01ACME", "acme", 4, "slack_team", "must be a workspace id"),
    ("T01ACME", "E01ACME", 4, "slack_team", "must be a workspace id"),
    ("slack_team: T01ACME", "slack_enterprise: T01ACME", 4, "slack_enterprise", "must be an organisation id"),
    (
        "slack_team: T01ACME",
        "slack_team:",
        4,
        "slack_team",
        "is missing: name a workspace, or an organisation",
    ),
    (
        "slack_team: T01ACME",
        "slack_team: T01ACME\n    slack_enterprise: E01ACME",
        5,
        "slack_enterprise",
        "is given beside slack_team",
    ),
    ("C01BILLING", "'#billing'", 5, "channel", "must be a channel id"),
    ("currency: EUR", "currency: EURO", 6, "currency", "EURO is not an ISO 4217 currency code"),
    ("currency: EUR", "currency: eur", 6, "currency", "eur is not an ISO 4217 currency code"),
    ('"0.20"', '"1.20"', 7, "tax_rate", "must be a decimal from 0 to 1"),
    ('"0.20"', "20%", 7, "tax_rate", "must be a decimal from 0 to 1"),
    ('"0.20"', "-0.2", 7, "tax_rate", "must be a decimal from 0 to 1"),
    ('"0.20"', f'"0.20"\n    tax_name: {"V" * 41}', 8, "tax_name", "at most 40 characters such as VAT"),
    ('"0.20"', '"0.20"\n    tax_id: FR40303265046', 8, "tax_id", "is not a tax id of FR"),
    (
        "locale: fr",
        "locale: fr\n    tax_exemption: reverse",
        2,
        "tax_id",
        "is missing: a document with reverse charge must name the buyer's",
    ),
    ("locale: fr", "locale: fr\n    po_number: maybe", 9, "po_number", "'optional' or 'required'"),
    ("locale: fr", "locale: fr\n    tax_exemption: yes", 9, "tax_exemption", "'none', 'exempt' or 'reverse'"),
    ("locale: fr", "locale: de", 8, "locale", "must be en or fr"),
    ("Europe/Paris", "Europe/Lutetia", 9, "time_zone", "is not a time zone"),
    ("Europe/Paris", "Europe", 9, "time_zone", "is not a time zone"),
    (
        "self_service: true",
        "self_service: {eligible: false, reason: {de: Nein.}}",
        10,
        "self_service.reason",
        "a text for each language (en, fr)",
    ),
    ("self_service: true", "self_service: perhaps", 10, "self_service.eligible", "must be true or false"),
    (
        "country: FR",
        "country: XX",
        11,
        "billing_address.country",
        "XX is not a two-letter ISO 3166 country code",
    ),
    ("city: Paris, ", "", 11, "billing_address.city", "is missing"),
    ("Alice@Acme.example", "alice at acme", 13, "billing_contacts[0].email", "valid email"),
    ("U01ALICE", "alice", 13, "billing_contacts[0].slack_user", "must be a member id"),
    ("benoit@acme", "ALICE@acme", 14, "billing_contacts[1].email", "is also that of accounts[0].billing"),
    (
        "name: Benoît Roy",
        "name: Benoît Roy, slack_user: U01ALICE",
        14,
        "billing_contacts[1].slack_user",
        "is also that",
    ),
    ("[sub_1]", "[sub_9]", 16, "administrators[0].seats[0]", "is not a subscription of this account"),
    ("[sub_1]", "[sub_1, sub_3]", 16, "administrators[0].seats[1]", "has a seat of goto-meeting already"),
    ('"4242"', "42", 18, "payment_methods[0].last4", "must be the last four digits"),
    ('"4242"', "4242 4242 4242 4242", 18, "payment_methods[0].last4", "looks like a card number"),
    ("brand: visa", "brand: 4242424242424242", 18, "payment_methods[0].brand", "looks like a card number"),
    ("2028-04,", "2028-13,", 18, "payment_methods[0].expires", "must be a month such as 2028-04"),
    ("2028-04}", "2028-04, default: true}", 19, "payment_methods[1].default", "is the default already"),
    ("id: pm_2", "id: pm_1", 19, "payment_methods[1].id", "pm_1 is also that of"),
    ("product: goto-meeting, seats: 25", "product: zoom, seats: 25", 21, "subscriptions[0].product", "zoom"),
    ("seats: 25", "seats: -1", 21, "subscriptions[0].seats", "must be a whole number"),
    ("seats: 25", "seats: 10000000", 21, "subscriptions[0].seats", "at most seven digits"),
    ("14.10", "100000000.01", 21, "subscriptions[0].unit_price", "is more than a seat can cost"),
    ("seats: 25", "seats: 2.5", 21, "subscriptions[0].seats", "must be a whole number"),
    ("14.10", "14.105", 21, "subscriptions[0].unit_price", "14.105 is not an amount of EUR"),
    ("14.10", "1e2", 21, "subscriptions[0].unit_price", "1e2 is not an amount of EUR"),
    ("14.10", "-14", 21, "subscriptions[0].unit_price", "-14 is not an amount of EUR"),
    ("14.10, period: month", "14.10, period: week", 21, "subscriptions[0].period", "'month' or 'year'"),
    ("period_end: 2026-12-01", "period_end: soon", 22, "subscriptions[0].period_end", "must be a date"),
    ("period_end: 2026-12-01", "period_end: 2026-02-30", 22, "subscriptions[0].period_end", "out of range"),
    ("period_end: 2026-12-01", "period_end: 9999-12-01", 22, "subscriptions[0].period_end", "in the years"),
    (
        "period_end: 2026-12-01",
        "period_end: 2026-11-01",
        21,
        "subscriptions[0]",
        "must be after period_start",
    ),
    ("id: sub_2", "id: sub_1", 23, "subscriptions[1].id", "sub_1 is also that of"),
    ("expires: 2026-11-30,", "expires: soon,", 28, "quotes[0].expires", "must be a date"),
    ("2026-11-30T10:00:00Z", "2026-11-30T25:00:00Z", 29, "quotes[1].expires", "hour must be in"),
    (
        "subscription: sub_1",
        "subscription: sub_9",
        28,
        "quotes[0].lines[0].subscription",
        "is not a sub",
    ),
    ("seats: 10", "seats: 0", 28, "quotes[0].lines[0].seats", "must be at least 1"),
    ('"13.00"', "99999999999999", 28, "quotes[0].lines[0].unit_price", "is more than a seat can cost"),
    ('"13.00"', "free", 28, "quotes[0].lines[0].unit_price", "free is not an amount of EUR"),
    ("lines: [{subscription: sub_2, seats: 1}]", "lines: []", 29, "quotes[1].lines", "is empty"),
    ("Q-2042", "q-2041", 29, "quotes[1].number", "Q-2041 is also that of"),
    ("Q-2042", "SQ-1001", 29, "quotes[1].number", "are given by the bot itself"),
    (
        "lines: [{subscription: sub_2, seats: 1}]",
        "lines: [{subscription: sub_2, seats: 1}, {subscription: sub_2, seats: 2}]",
        29,
        "quotes[1].lines[1].subscription",
        "sub_2 is also that of",
    ),
    (
        "expires: 2026-11-30,",
        "expires: 2026-11-30, decided: {status: lost, at: 2026-11-20T10:00:00Z},",
        28,
        "quotes[0].decided.status",
        "'accepted' or 'rejected'",
    ),
    (
        "expires: 2026-11-30,",
        "expires: 2026-11-30, decided: {status: accepted, at: 2026-11-20},",
        28,
        "quotes[0].decided.at",
        "must be a time",
    ),
]


@pytest.mark.parametrize(("old", "new", "line", "field", "message"), WRONG_FIELDS)
def test_a_problem_names_line_and_field(old: str, new: str, line: int, field: str, message: str) -> None:
    assert old in ACME
    problems = list_problems(ACME.replace(old, new, 1))
    assert any(p.startswith(f"line {line}, accounts[0].{field}: ") and message in p for p in problems), (
        problems
    )


# the second account's section, the line and field of the problem
TAKEN_BY_ACME = [
    (
        "    subscriptions:\n      - {id: sub_1, product: goto-meeting, seats: 1, unit_price: 1,"
        " period: month, period_start: 2026-11-01, period_end: 2026-12-01}\n",
        36,
        "subscriptions[0].id",
    ),
    (
        "    payment_methods:\n      - {id: pm_1, brand: visa, last4: 1234, expires: 2028-04}\n",
        36,
        "payment_methods[0].id",
    ),
    ("    quotes:\n      - {number: Q-2041, expires: 2026-11-30, lines: []}\n", 36, "quotes[0].number"),
]


@pytest.mark.parametrize(("section", "line", "field"), TAKEN_BY_ACME)
def test_an_id_belongs_to_one_account_alone(section: str, line: int, field: str) -> None:
    problems = list_problems(with_other(section))
    assert any(p.startswith(f"line {line}, accounts[1].{field}: ") and "is also that" in p for p in problems)


def test_a_subscription_of_another_account_cannot_be_quoted() -> None:
    quote = (
        "    quotes:\n      - {number: Q-1, expires: 2026-11-30, lines: [{subscription: sub_1, seats: 1}]}\n"
    )
    [problem] = list_problems(with_other(quote))
    assert "accounts[1].quotes[0].lines[0].subscription: sub_1 is not a subscription of this" in problem


def test_the_same_account_or_product_twice_is_refused() -> None:
    [problem] = list_problems(with_other("").replace("id: other", "id: acme"))
    assert problem == "line 30, accounts[1].id: acme is also that of accounts[0]"
    [problem] = list_problems(ACME + "  - {id: rescue, name: Rescue}\n")
    assert problem == "line 32, products[1].id: rescue is also that of products[0]"


def test_all_problems_are_reported_together() -> None:
    text = ACME.replace("EUR", "EURO").replace("Q-2042", "Q-2041").replace("locale: fr", "locale: de")
    assert [p.split(":")[0] for p in list_problems(text)] == [
        "line 6, accounts[0].currency",
        "line 8, accounts[0].locale",
        "line 29, accounts[0].quotes[1].number",
    ]


def test_an_alias_bomb_is_refused_immediately() -> None:
    """Ten times ten, nine times over, is a gigabyte of values; shared values of a usual file are none."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    started = time.monotonic()
    [problem] = list_problems("\n".join(levels))
    assert "its aliases (*name) repeat too many values" in problem
    assert time.monotonic() - started < HANG_SECONDS


def test_merge_keys_and_aliases_work() -> None:
    """What is written in a mapping itself counts, then the first mapping that is merged."""
    text = ACME.replace(
        "billing_contacts:\n",
        "billing_contacts:\n"
        "      - &base {email: carol@acme.example, name: Carol}\n"
        "      - {<<: [{name: Dan}, *base], email: dan@acme.example}\n",
        1,
    )
    assert [(c.email, c.name) for c in parse_accounts(text, "acme.yml").accounts[0].billing_contacts[:2]] == [
        ("carol@acme.example", "Carol"),
        ("dan@acme.example", "Dan"),
    ]
    [problem] = list_problems(ACME.replace("name: Acme SA", "name: Acme SA\n    <<: Acme", 1))
    assert problem.endswith("must name a mapping")


def test_one_address_is_stored_however_its_domain_is_written() -> None:
    for written in ("Benoit@xn--bcher-kva.example", "benoit@BÜCHER.example"):
        [account] = parse_accounts(ACME.replace("benoit@acme.example", written), "acme.yml").accounts
        assert account.billing_contacts[1].email == "benoit@bücher.example"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\ufeff", "is empty"),
        ("# nothing\n", "is empty"),
        ("accounts: [", "is not YAML"),
        ("accounts: {a: b}}", "is not YAML"),
        ("a: \x00", "is not YAML"),
        ("accounts: *unknown", "is not YAML"),
        ("a: 1\n---\nb: 2", "is not YAML"),
        ("- acme", "must be a mapping"),
        ("acme", "must be a mapping"),
        ("accounts: &a [*a]", "is nested too deeply"),
        ("accounts:\n  " + "[" * 60_000, "line 2, accounts.yml: is nested too deeply"),
        ("- " * 60_000 + "a", "line 1, accounts.yml: is nested too deeply"),
        ("accounts: acme", "must be a list"),
        ("accounts: [acme]", "must be a mapping"),
        ("products: []", "accounts: is missing"),
        ("accounts: []\n? [a]\n: b\n", "is not a known key"),
    ],
)
def test_an_invalid_accounts_file_is_refused(text: str, message: str) -> None:
    assert any(message in problem for problem in list_problems(text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yml").write_bytes("Benoît".encode("latin-1"))
    for name, message in (("none.yml", "no such file"), ("", "a folder"), ("latin.yml", "text in UTF-8")):
        with pytest.raises(InvalidAccountsFile, match=message):
            read_accounts_file(tmp_path / name)


@pytest.mark.parametrize(
    "number", ["4242424242424242", "4242-4242-4242-4242", "3782 822463 10005", "6011111111111117"]
)
def test_no_message_repeats_a_card_number(number: str) -> None:
    for old in ('"4242"', "EUR", "sub_1", "name: Acme SA", "Europe/Paris"):
        text = ACME.replace(old, f"name: '{number}'" if old.startswith("name") else f"'{number}'")
        refusal = "\n".join(list_problems(text))
        assert "looks like a card number" in refusal
        assert number not in refusal


def test_a_registration_number_is_no_card_number() -> None:
    text = ACME.replace("name: Acme SA", "name: Acme SA 732 829 320 00074")
    assert parse_accounts(text, "accounts.yml").accounts[0].name == "Acme SA 732 829 320 00074"


def test_ids_of_another_account_in_the_database_are_refused() -> None:
    owners = {"subscriptions": {"sub_1": "umbrella"}, "payment_methods": {"pm_2": "umbrella"}}
    stored = StoredRecords(owners={**owners, "quotes": {"Q-2041": "umbrella"}})
    assert list_problems(ACME, stored) == [
        "line 19, accounts[0].payment_methods[1].id: pm_2 belongs to the account umbrella",
        "line 21, accounts[0].subscriptions[0].id: sub_1 belongs to the account umbrella",
        "line 28, accounts[0].quotes[0].number: Q-2041 belongs to the account umbrella",
    ]


def test_an_accounts_currency_stays() -> None:
    [problem] = list_problems(ACME, StoredRecords(currencies={"acme": "USD"}))
    assert problem == "line 6, accounts[0].currency: acme is kept in USD, which cannot change"


def test_rows_in_the_database_need_not_be_listed_again() -> None:
    text = """
accounts:
  - id: acme
    name: Acme SA
    slack_team: T01ACME
    currency: EUR
    billing_address: {line1: 1 rue de la Paix, postal_code: "75002", city: Paris, country: FR}
    quotes: [{number: Q-1, expires: 2026-11-30, lines: [{subscription: sub_1, seats: 1}]}]
"""
    stored = StoredRecords(subscriptions={"acme": {"sub_1": "goto-meeting"}})
    assert parse_accounts(text, "accounts.yml", stored).accounts[0].quotes[0].number == "Q-1"


# --- accounts linked with Stripe


def linked(text: str = ACME, customer: str = "cus_acme1") -> str:
    return text.replace("    currency: EUR\n", f"    currency: EUR\n    stripe_customer: {customer}\n")


def test_a_linked_accounts_cards_come_from_stripe() -> None:
    [problem] = list_problems(linked())
    assert "accounts[0].payment_methods" in problem
    assert "come from Stripe: leave them out" in problem


def test_a_stripe_customer_is_one_accounts_alone() -> None:
    other = with_other("    stripe_customer: cus_acme1\n")
    assert any("stripe_customer: cus_acme1 is also that of" in p for p in list_problems(linked(other)))
    stored = StoredRecords(owners={"stripe_customer": {"cus_acme1": "another"}})
    assert any("is linked with the account another" in p for p in list_problems(linked(), stored))


def test_a_stripe_customer_is_written_as_stripe_writes_it() -> None:
    assert any("must be a Stripe customer" in p for p in list_problems(linked(customer="acme")))
