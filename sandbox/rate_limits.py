"""One message a second a channel, as Slack allows chat.postMessage."""

from collections.abc import Callable

from sandbox.errors import SlackError


class RateLimits:
    def __init__(self, clock: Callable[[], float], *, enabled: bool) -> None:
        self._clock = clock
        self.enabled = enabled
        self.reset()

    def reset(self) -> None:
        self._last_post: dict[str, float] = {}

    def post(self, channel_id: str) -> None:
        now, last = self._clock(), self._last_post.get(channel_id)
        # A clock that a test turned back limits nobody.
        if self.enabled and last is not None and 0 <= now - last < 1:
            raise SlackError("ratelimited", retry_after=1)
        self._last_post[channel_id] = now
