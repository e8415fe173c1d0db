"""Column types that the tables share."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import JSON, BigInteger, Dialect, Enum
from sqlalchemy.types import TypeDecorator

ModelT = TypeVar("ModelT", bound=BaseModel)

# An amount of money, in the minor unit of the account's currency.
MinorUnits: Any = BigInteger


def string_enum(enum_class: type[StrEnum]) -> Any:
    return Enum(
        enum_class,
        native_enum=False,
        create_constraint=True,
        name=enum_class.__name__.lower(),
        length=32,
        values_callable=lambda e: [s.value for s in e],
    )


class ModelTupleColumn(TypeDecorator[tuple[ModelT, ...]]):
    """Stores models as a JSON array, without fields that have their default. A subclass names the model."""

    impl = JSON
    model: type[ModelT]

    def process_bind_param(
        self, value: Iterable[ModelT | dict[str, Any]] | None, dialect: Dialect
    ) -> list[dict[str, Any]]:
        # A dumped row has the value already converted.
        models = [self.model.model_validate(each) for each in value or ()]
        return [each.model_dump(mode="json", exclude_defaults=True) for each in models]

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[ModelT, ...]:
        return tuple(self.model.model_validate(each) for each in value or ())
