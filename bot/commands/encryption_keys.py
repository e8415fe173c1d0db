"""The keys that encrypt stored tokens."""

from bot.bootstrap import build_installation_store
from bot.commands.database import open_migrated_database
from bot.commands.terminal import console, exit_with_error, read_settings_or_exit, run_or_exit


def generate_key() -> None:
    """Generate a key for TOKEN_ENCRYPTION_KEYS."""
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())  # noqa: T201


def rotate_keys() -> None:
    """Re-encrypt every stored token with the first of TOKEN_ENCRYPTION_KEYS."""
    settings = read_settings_or_exit()
    if not settings.is_multi_workspace:
        exit_with_error("nothing to do: SLACK_BOT_TOKEN is not stored")

    async def run() -> None:
        async with open_migrated_database(settings) as database:
            rotation = await build_installation_store(settings, database).encrypt_with_first_key()
        summary = f"{rotation.encrypted_rows} rows are encrypted with the first key"
        if failed := rotation.undecryptable_rows:
            exit_with_error(f"{summary}; {failed} rows cannot be decrypted with any key: keep every old key")
        console.print(f"{summary}; the other keys can be removed")

    run_or_exit(run())
