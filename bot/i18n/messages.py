"""The messages of `en.ftl` and `fr.ftl`, filled in by Fluent."""

from functools import cache, lru_cache
from pathlib import Path

import structlog
from fluent.runtime import FluentBundle, FluentResource

log = structlog.get_logger()

MESSAGES_FOLDER = Path(__file__).parent


@cache
def load_bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource((MESSAGES_FOLDER / f"{language}.ftl").read_text(encoding="utf-8")))
    return bundle


def has_message(language: str, key: str) -> bool:
    return load_bundle(language).has_message(key)


# Most texts of a screen are those of the screen before.
@lru_cache(maxsize=4000)
def format_message(language: str, key: str, arguments: tuple[tuple[str, object], ...]) -> str:
    bundle = load_bundle(language)
    if not bundle.has_message(key):
        # A missing text must not stop an order; a test checks that none is missing.
        log.error("translation.missing", message_key=key, language=language)
        return key
    pattern = bundle.get_message(key).value
    assert pattern is not None, f"the message {key} has a value"
    text, errors = bundle.format_pattern(pattern, dict(arguments))
    if errors:
        log.error(
            "translation.format_failed", message_key=key, language=language, error=[str(e) for e in errors]
        )
    return str(text)
