"""Slack's limits on messages: about one a second in a channel, 300 a minute in a workspace."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

# A channel takes a short burst; the minute is counted as it slides.
CHANNEL_GAP = 0.9
A_MINUTE = 300


@dataclass
class Limits:
    refused: int = 0
    _last: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: -1e9))
    _minute: deque[float] = field(default_factory=deque)

    def take(self, channel: str, at: float) -> bool:
        while self._minute and self._minute[0] <= at - 60:
            self._minute.popleft()
        if at - self._last[channel] < CHANNEL_GAP or len(self._minute) >= A_MINUTE:
            self.refused += 1
            return False
        self._last[channel] = at
        self._minute.append(at)
        return True
