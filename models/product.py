"""Products sold by the seat, and the catalogue that ships."""

from sqlmodel import Field, SQLModel

from models.errors import Refusal


class ProductNotSelfServed(Refusal):
    """R2: extra seats of this product cannot be self-served."""


class UnknownProduct(Refusal):
    """No product of that name, or several."""


class Product(SQLModel, table=True):
    id: str = Field(primary_key=True)
    name: str
    additional_seats: bool = False
    reason: str | None = None


SHIPPED_CATALOGUE = (
    Product(id="goto-meeting", name="GoTo Meeting", additional_seats=True),
    Product(id="goto-webinar", name="GoTo Webinar", additional_seats=True),
    Product(id="goto-training", name="GoTo Training", additional_seats=True),
    Product(id="gotoassist-v4", name="GoToAssist v4", additional_seats=True),
    Product(id="gotoassist-v5", name="GoToAssist v5", additional_seats=True),
)


def normalised(words: str) -> str:
    """`"GoTo  Webinar"`, `"goto-webinar"` → `"gotowebinar"`."""
    return "".join(c for c in words.casefold() if c.isalnum())


def find_products(products: list[Product], words: str) -> list[Product]:
    """The products a person may mean: those of exactly that id or name, else all that contain the words."""
    wanted = normalised(words)
    exact = [p for p in products if wanted in (normalised(p.id), normalised(p.name))]
    return exact or [p for p in products if wanted and wanted in normalised(p.name)]
