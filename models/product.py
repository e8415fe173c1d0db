"""Products sold by the seat, and the catalogue that the bot comes with."""

from sqlalchemy import true
from sqlmodel import Field, SQLModel

from models.errors import Refusal
from models.text.localized_text import LocalizedText, LocalizedTextColumn


class ProductNotSelfServed(Refusal):
    """R2: extra seats of this product cannot be self-served."""


class ProductNotInCatalogue(Refusal):
    """R2: a product of the provider's that is not sold here."""


class UnknownProduct(Refusal):
    """No product of that name."""


class Product(SQLModel, table=True):
    """One that is not `in_catalogue` has the id and the name that the provider has for it."""

    id: str = Field(primary_key=True)
    name: str
    additional_seats: bool = False
    reason: LocalizedText | None = Field(default=None, sa_type=LocalizedTextColumn)
    in_catalogue: bool = Field(default=True, sa_column_kwargs={"server_default": true()})


DEFAULT_PRODUCTS = (
    Product(id="goto-meeting", name="GoTo Meeting", additional_seats=True),
    Product(id="goto-webinar", name="GoTo Webinar", additional_seats=True),
    Product(id="goto-training", name="GoTo Training", additional_seats=True),
    Product(id="gotoassist-v4", name="GoToAssist v4", additional_seats=True),
    Product(id="gotoassist-v5", name="GoToAssist v5", additional_seats=True),
)


def normalize_product_name(text: str) -> str:
    """`"GoTo  Webinar"`, `"goto-webinar"` → `"gotowebinar"`."""
    return "".join(c for c in text.casefold() if c.isalnum())


def list_matching_products(products: list[Product], query: str) -> list[Product]:
    """Lists the products that a text may mean: those with exactly that id or name, otherwise all whose name
    has it at the beginning of a word."""
    if exact := _list_exact_matches(products, query):
        return exact
    wanted = normalize_product_name(query)
    return [p for p in products if wanted and any(e.startswith(wanted) for e in _list_endings(p.name))]


def _list_endings(name: str) -> list[str]:
    """`"GoToAssist v4"` → `["gotoassistv4", "toassistv4", "assistv4", "v4", "4"]`."""
    return [normalize_product_name(name[i:]) for i in range(len(name)) if _is_word_start(name, i)]


def _is_word_start(name: str, index: int) -> bool:
    before, letter, after = name[index - 1] if index else " ", name[index], name[index + 1 : index + 2]
    if not letter.isalnum() or not before.isalnum():
        return letter.isalnum()
    is_capital = letter.isupper() and (before.islower() or after.islower())
    return is_capital or letter.isdigit() != before.isdigit()


def is_exact_product(products: list[Product], query: str) -> bool:
    return bool(_list_exact_matches(products, query))


def _list_exact_matches(products: list[Product], query: str) -> list[Product]:
    wanted = normalize_product_name(query)
    return [p for p in products if wanted in (normalize_product_name(p.id), normalize_product_name(p.name))]
