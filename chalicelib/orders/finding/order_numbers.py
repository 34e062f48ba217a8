"""Order numbers that survive being read out: "4TKD-9QW2-M". The last character checks the others."""

from chalicelib.core.errors import invalid

# Crockford's base 32 without its vowels, so that no number says a word.
ALPHABET = "0123456789BCDFGHJKMNPQRSTVWXYZ"
_PIECES = 8
# Whoever writes down what they hear or saw writes these for what they look like.
_LOOKALIKES = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})


def of_bits(bits: int) -> str | None:
    """The number that these random bits make; None if its check character is none of the alphabet: take others.

    30**8 numbers, 6.6 x 10**11; the check character is ISO 7064 MOD 37,36, which finds every wrong character.
    """
    from stdnum.iso7064 import mod_37_36  # most requests ask for no number

    body = ""
    for _ in range(_PIECES):
        bits, digit = divmod(bits, len(ALPHABET))
        body += ALPHABET[digit]
    check = mod_37_36.calc_check_digit(body)
    return f"{body[:4]}-{body[4:]}-{check}" if check in ALPHABET else None


def read(text: str, pointer: str) -> str:
    """The number that a person wrote, however they spaced it and in whatever case; 422 if it can not be one."""
    from stdnum.iso7064 import mod_37_36

    plain = text.upper().translate(_LOOKALIKES)
    if len(plain) != _PIECES + 1 or set(plain) - set(ALPHABET):
        raise invalid(pointer, 'An order number has eight characters and a check character, as in "4TKD-9QW2-M".')
    if not mod_37_36.is_valid(plain):
        raise invalid(pointer, "One of these characters is wrong: the check character does not fit. Read it out again.")
    return f"{plain[:4]}-{plain[4:_PIECES]}-{plain[_PIECES]}"
