"""Storing the catalogue of products."""

from collections.abc import Iterable

from sqlmodel import col, select, update

from bot.db import Session
from bot.use_cases.accounts_import.row_sync import Changes, update_fields
from models.account import Account
from models.product import DEFAULT_PRODUCTS, Product


async def list_product_ids(session: Session) -> frozenset[str]:
    # Shipped products count as well: `save_catalogue` may not have stored them yet.
    stored = await session.exec(select(Product.id))
    return frozenset(stored.all()) | {product.id for product in DEFAULT_PRODUCTS}


async def save_catalogue(session: Session, overrides: Iterable[Product] = ()) -> Changes:
    """Stores the shipped products that are missing; `overrides` take precedence over all. Returns what these
    have changed, by product."""
    stored = {product.id: product for product in (await session.exec(select(Product))).all()}
    for product in DEFAULT_PRODUCTS:
        if product.id not in stored:
            stored[product.id] = Product(**product.model_dump())
    changes: Changes = {}
    for product in overrides:
        if product.id not in stored:
            stored[product.id] = Product(**product.model_dump())
            changes[product.id] = "added"
        elif field_changes := update_fields(stored[product.id], product.model_dump()):
            changes[product.id] = field_changes
    if changes:
        await session.exec(update(Account).values(revision=col(Account.revision) + 1))
    session.add_all(stored.values())
    await session.flush()
    return changes
