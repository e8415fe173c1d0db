"""Slack's limits on messages: about one a second in a channel, 300 a minute in a workspace."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

# A channel takes a short burst, and then about a message a second; the minute is counted as it slides.
CHANNEL_BURST = 8
CHANNEL_GAP = 0.9
A_MINUTE = 300


@dataclass
class Limits:
    refused: int = 0
    # When the next message would be allowed if there were no bursts.
    _next: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: -1e9))
    _minute: deque[float] = field(default_factory=deque)

    def take(self, channel: str, at: float) -> bool:
        while self._minute and self._minute[0] <= at - 60:
            self._minute.popleft()
        next_at = max(self._next[channel], at)
        if next_at - at > (CHANNEL_BURST - 1) * CHANNEL_GAP or len(self._minute) >= A_MINUTE:
            self.refused += 1
            return False
        self._next[channel] = next_at + CHANNEL_GAP
        self._minute.append(at)
        return True
