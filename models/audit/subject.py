"""What an audit entry is about."""

from dataclasses import dataclass
from enum import StrEnum


class SubjectType(StrEnum):
    ACCOUNT = "account"
    ADMINISTRATOR = "administrator"
    CART = "cart"
    QUOTE = "quote"
    SERVICE_ORDER = "service_order"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True)
class AuditSubject:
    """`key` is the number that people read, or else an internal id: never a name or an email address."""

    type: SubjectType
    key: str

    def __str__(self) -> str:
        return f"{self.type}:{self.key}"

    @classmethod
    def parse(cls, text: str) -> "AuditSubject":
        type_, _, key = text.partition(":")
        return cls(SubjectType(type_), key)
