"""Where a notice goes."""

from dataclasses import dataclass
from enum import StrEnum


class DestinationKind(StrEnum):
    CHANNEL = "channel"  # an account's channel
    CONTACT = "contact"  # a billing contact, by direct message
    FILE = "file"  # the same direct message, for files: they are slower, and delay no message
    EMAIL = "email"  # a billing contact, by email
    ACCOUNT_SERVICES = "services"  # the channel of Account Services
    INVITEE = "invited"  # a colleague who was invited as a billing contact, by direct message


PERSONAL_KINDS = frozenset({DestinationKind.CONTACT, DestinationKind.FILE, DestinationKind.EMAIL})


@dataclass(frozen=True)
class Destination:
    """Stored as `kind:id`: `channel:C01`, `contact:7`, `file:7`, `email:7`, `services:C02`,
    `invited:3` (an invitation's id)."""

    kind: DestinationKind
    id: str

    @classmethod
    def channel(cls, channel_id: str) -> "Destination":
        return cls(DestinationKind.CHANNEL, channel_id)

    @classmethod
    def contact(cls, contact_id: int) -> "Destination":
        return cls(DestinationKind.CONTACT, str(contact_id))

    @classmethod
    def file(cls, contact_id: int) -> "Destination":
        return cls(DestinationKind.FILE, str(contact_id))

    @classmethod
    def email(cls, contact_id: int) -> "Destination":
        return cls(DestinationKind.EMAIL, str(contact_id))

    @classmethod
    def account_services(cls, channel_id: str) -> "Destination":
        return cls(DestinationKind.ACCOUNT_SERVICES, channel_id)

    @classmethod
    def invitee(cls, invitation_id: int) -> "Destination":
        return cls(DestinationKind.INVITEE, str(invitation_id))

    @classmethod
    def parse(cls, text: str) -> "Destination":
        """Raises ValueError for anything that `str()` does not produce."""
        kind, _, id_ = text.partition(":")
        return cls(DestinationKind(kind), id_)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"

    @property
    def contact_id(self) -> int | None:
        return int(self.id) if self.kind in PERSONAL_KINDS else None

    @property
    def is_email(self) -> bool:
        return self.kind is DestinationKind.EMAIL
