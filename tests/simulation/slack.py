"""A workspace: its members, what was posted there, and which profiles were returned when."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.directory.user_directory import UserProfile
from bot.messaging.messenger import MessageRef, OutboundMessage
from tests.simulation.loop import VirtualClock

TEAM = "T01ACME"
# A member of Account Services' channel, and not a contact of any account.
SERVICES_MEMBER = "U07SAM"
# R5: changing anything requires a profile that is at most an hour old.
IDENTITY_MAX_AGE = timedelta(hours=1)
UNKNOWN_USER = UserProfile("", "", "", None, None, None, deleted=True)


@dataclass(frozen=True)
class SimulatedPost:
    at: datetime
    message: OutboundMessage
    ts: str


def _member(user_id: str, name: str, email: str, **changes: object) -> UserProfile:
    return replace(UserProfile(user_id, TEAM, name, email, "en-GB", "Europe/Paris"), **changes)  # type: ignore[arg-type]


MEMBERS = (
    _member("U01ALICE", "Alice Martin", "alice@acme.example", locale="fr-FR"),
    _member("U02BENOIT", "Benoît Roche", "benoit@acme.example"),
    _member("U03DORA", "Dora Lane", "dora@borea.example"),
    _member("U09IDA", "Ida Frei", "ida@acme.example"),
    _member("U06CARL", "Carl Petit", "carl@acme.example"),
    _member(SERVICES_MEMBER, "Sam Price", "sam@acme.example"),
    _member("U04EVE", "Eve Noone", "eve@acme.example"),
    _member("U05GUEST", "Gus Guest", "gus@acme.example", is_guest=True),
)


class SimulatedSlack:
    def __init__(self, clock: VirtualClock, unreachable: frozenset[str] = frozenset()) -> None:
        self._clock, self.unreachable = clock, unreachable
        self.members = {member.user_id: member for member in MEMBERS}
        self.posts: list[SimulatedPost] = []
        # The profiles returned for each person, and when.
        self._profiles: dict[str, list[tuple[datetime, UserProfile]]] = defaultdict(list)

    def post(self, message: OutboundMessage) -> MessageRef:
        """An edit keeps its message's timestamp; a direct message is in a channel of its own."""
        ts = message.update_ts or f"{len(self.posts) + 1}.000000"
        self.posts.append(SimulatedPost(self._clock(), message, ts))
        channel = "D" + message.channel[1:] if message.channel.startswith("U") else message.channel
        return MessageRef(channel, ts)

    def fetch_profile(self, user_id: str) -> UserProfile:
        profile = self.members.get(user_id, UNKNOWN_USER)
        self._profiles[user_id].append((self._clock(), profile))
        return profile

    def find_member(self, email: str) -> str | None:
        return next((m.user_id for m in self.members.values() if m.email == email and not m.deleted), None)

    def update_member(self, user_id: str, **changes: object) -> None:
        self.members[user_id] = replace(self.members[user_id], **changes)  # type: ignore[arg-type]

    def was_known_as_member(self, user_id: str, email: str | None, at: datetime) -> bool:
        """Whether a profile returned within the hour before `at` was that of a full member, with this email
        if one is given."""
        return any(
            at - IDENTITY_MAX_AGE <= returned_at and not (profile.deleted or profile.is_guest)
            and email in (None, profile.email)
            for returned_at, profile in self._profiles[user_id]
        )  # fmt: skip
