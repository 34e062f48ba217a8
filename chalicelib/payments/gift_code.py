"""The codes of gift cards: "7K3M-Q2XR-9TBN-HW5D-ZP4G". Whoever has one has the money, so nobody may guess one."""

# As Crockford's base 32, and without 0 and 1: whoever reads a code from paper can not confuse two of these.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM = 19  # 93 bits
_GROUP = 4


def of_bits(bits: int) -> str:
    """The code that these 128 random bits make. Its last character checks the others: ISO 7064's hybrid system, over
    this alphabet, finds every wrong character."""
    from stdnum.iso7064 import mod_37_36  # most requests have to do with no code

    body = ""
    for _ in range(_RANDOM):
        bits, digit = divmod(bits, len(ALPHABET))
        body += ALPHABET[digit]
    return body + mod_37_36.calc_check_digit(body, ALPHABET)


def read(text: str) -> str | None:
    """The code that a person wrote, however they spaced it and in whatever case; None if it can not be one."""
    from stdnum.iso7064 import mod_37_36

    code = "".join(text.split()).replace("-", "").upper()
    if len(code) != _RANDOM + 1 or set(code) - set(ALPHABET):
        return None
    return code if mod_37_36.is_valid(code, ALPHABET) else None


def shown(code: str) -> str:
    """A code as people read it."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def last_four(code: str) -> str:
    """By what staff tell cards apart that they may not use: the rest of a code still has 78 random bits."""
    return code[-_GROUP:]
