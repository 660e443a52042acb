"""What identifies a person in free text, put out of sight: numbers one could call, identity cards, addresses.

Names have no shape by which they could be found; text in which somebody may be named is not shown at all.
"""

import re

HIDDEN = "***"

_PATTERNS = (
    re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),  # e-mail
    re.compile(r"\d{17}[\dXx]"),  # resident identity card, GB 11643-1999
    re.compile(r"[+＋]?\d(?:[\d \-‐–—()（）]*\d){6,}"),  # telephone: seven digits or more, however grouped
)


def masked(text: str) -> str:
    """`text` with ``***`` in the place of telephone and identity numbers and e-mail addresses."""
    for pattern in _PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text
