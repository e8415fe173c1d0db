"""What people read of an email's HTML."""

import re
from html import unescape


def extract_text(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "\n", re.sub(r"</?span\b[^>]*>", "", html)))
