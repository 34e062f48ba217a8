"""Global Trade Item Numbers: which barcodes are ones that a manufacturer was given (GS1 General Specifications)."""

import re

_WRITTEN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
# GS1 prefixes that nobody is given: within one company or region (02, 04, 2), coupons (05, 98, 99). Of GTIN-8: 0, 2.
_NOBODYS = re.compile(r"0[245]|2|9[89]")
_NOBODYS_SHORT = re.compile(r"[02]")


def gtin(barcode: str | None) -> str | None:
    """The GTIN-8, -12, -13 or -14 that `barcode` is, without spaces and dashes; None if it is not one."""
    digits = re.sub(r"[ -]", "", barcode or "")
    if not _WRITTEN.fullmatch(digits) or not _checks(digits):
        return None
    if len(digits) == 8:
        return None if _NOBODYS_SHORT.match(digits) else digits
    return None if _NOBODYS.match(digits.zfill(14)[1:]) else digits


def _checks(digits: str) -> bool:
    """Whether the last digit is the check digit (7.9): weights 3 and 1 in turn, from the right."""
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighed % 10 == 0 and digits.strip("0") != ""
