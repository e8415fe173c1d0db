"""Email addresses, as they are compared and as they are sent."""

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

# A mail program decodes what follows it: `=?utf-8?q?Re=C3=A7u?=`. No address or name contains it.
ENCODED_WORD_PREFIX = "=?"


def is_email_address(text: str) -> bool:
    """Accepts a bare address, without a display name. Uses no network."""
    return _find_address(text) is not None and ENCODED_WORD_PREFIX not in text


def normalize_email(address: str) -> str:
    """`Benoit@XN--BCHER-KVA.example` → `benoit@bücher.example`: one address, however it is written."""
    found = _find_address(address.strip())
    return (found.normalized if found else address.strip()).lower()


def encode_email_domain(address: str) -> str:
    """`benoit@bücher.example` → `benoit@xn--bcher-kva.example`, which every mail server accepts."""
    found = _find_address(address)
    return f"{found.local_part}@{found.ascii_domain}" if found else address


def _find_address(text: str) -> ValidatedEmail | None:
    try:
        return validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return None
