"""One message a second a channel, and short bursts, as Slack allows chat.postMessage."""

from collections.abc import Callable

from sandbox.errors import SlackError

# Slack does not say how long a burst may be.
BURST = 8
# Of the clock, in seconds.
TOLERANCE = 0.01


class RateLimits:
    def __init__(self, clock: Callable[[], float], *, enabled: bool) -> None:
        self._clock = clock
        self.enabled = enabled
        self.reset()

    def reset(self) -> None:
        # When the channel's next message would be allowed if there were no bursts.
        self._next_post: dict[str, float] = {}

    def post(self, channel_id: str) -> None:
        now = self._clock()
        ahead = max(self._next_post.get(channel_id, now) - now, 0)
        if ahead > BURST + TOLERANCE:
            ahead = 0  # A test turned the clock back.
        if self.enabled and ahead > BURST - 1 + TOLERANCE:
            raise SlackError("ratelimited", retry_after=1)
        self._next_post[channel_id] = now + ahead + 1
