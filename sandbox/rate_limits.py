"""Slack's rate limit of chat.postMessage: one message per second per channel, with short bursts."""

from collections.abc import Callable

from sandbox.errors import SlackError

# Slack does not say how long a burst may be.
BURST_MESSAGES = 8
# The clock's inaccuracy.
CLOCK_TOLERANCE_SECONDS = 0.01


class RateLimiter:
    def __init__(self, clock: Callable[[], float], *, enabled: bool) -> None:
        self._clock = clock
        self.enabled = enabled
        self.reset()

    def reset(self) -> None:
        # When the channel's next message would be allowed if there were no bursts.
        self._next_post: dict[str, float] = {}

    def count_message(self, channel_id: str) -> None:
        now = self._clock()
        ahead = max(self._next_post.get(channel_id, now) - now, 0)
        if ahead > BURST_MESSAGES + CLOCK_TOLERANCE_SECONDS:
            ahead = 0  # A test set the clock back.
        if self.enabled and ahead > BURST_MESSAGES - 1 + CLOCK_TOLERANCE_SECONDS:
            raise SlackError("ratelimited", retry_after=1)
        self._next_post[channel_id] = now + ahead + 1
