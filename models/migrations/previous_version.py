"""What earlier versions still use: their replicas go on beside this version's while a deployment is upgraded.

A migration only adds. What this version's models no longer have stays until no supported version uses it.
"""

from typing import Any

# Versions whose last migration is this one or a later one work with this version's schema. Each of them has a
# recording in tests/upgrades/.
OLDEST_SUPPORTED_REVISION = "0001_baseline"

# To be dropped by the version after 1.2.0.
OBSOLETE_TABLES = frozenset({"cart_line"})
OBSOLETE_COLUMNS = frozenset({("cart", "quote_id")})


def is_in_models(schema_item: Any, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """Implements Alembic's `include_object`: what is kept for earlier versions is not reported as missing in
    the models."""
    if kind == "table":
        return name not in OBSOLETE_TABLES
    if kind == "column":
        return (schema_item.table.name, name) not in OBSOLETE_COLUMNS
    return True
