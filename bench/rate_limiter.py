"""Slack's rate limits for messages: about one per second per channel, 300 per minute per workspace."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

# A channel accepts a short burst, then about one message per second. The minute is a sliding window.
CHANNEL_BURST = 8
CHANNEL_GAP_SECONDS = 0.9
WORKSPACE_MESSAGES_PER_MINUTE = 300


@dataclass
class SlackRateLimits:
    rejected_count: int = 0
    # When the next message would be allowed if there were no bursts.
    _next: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: -1e9))
    _minute: deque[float] = field(default_factory=deque)

    def accept_message(self, channel: str, at: float) -> bool:
        while self._minute and self._minute[0] <= at - 60:
            self._minute.popleft()
        next_at = max(self._next[channel], at)
        if (
            next_at - at > (CHANNEL_BURST - 1) * CHANNEL_GAP_SECONDS
            or len(self._minute) >= WORKSPACE_MESSAGES_PER_MINUTE
        ):
            self.rejected_count += 1
            return False
        self._next[channel] = next_at + CHANNEL_GAP_SECONDS
        self._minute.append(at)
        return True
