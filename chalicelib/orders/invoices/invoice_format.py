"""Amounts, dates and countries as people of a language write them (Babel, which has them from CLDR)."""

import re
from copy import copy
from datetime import date
from decimal import Decimal

from chalicelib.core.money import exponent
from chalicelib.orders.invoices.invoice_content import Language

# CLDR's currencySpacing, which Babel leaves out: KWD 1.234, but $1.23.
_LETTER_AT_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")


def money(amount: int, currency: str, language: Language) -> str:
    """Minor units with the currency's sign, and with its decimals of ISO 4217: CLDR leaves some out that few use."""
    from babel import Locale  # heavy, and only whoever prints something needs it

    locale, digits = Locale.parse(language), exponent(currency)
    pattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    text = str(pattern.apply(Decimal(amount).scaleb(-digits), locale, currency=currency, currency_digits=False))
    return _LETTER_AT_DIGIT.sub("\xa0", text)


def day(iso: str, language: Language) -> str:
    """2026-01-31 in words that nobody takes for another day."""
    from babel.dates import format_date

    return format_date(date.fromisoformat(iso), format="long", locale=language)


def percent(rate: Decimal, language: Language) -> str:
    """19 as 19 %, 8.875 as 8.875 %."""
    from babel.numbers import format_percent

    return format_percent(rate / 100, locale=language, decimal_quantization=False)


def quantity(pieces: int, language: Language) -> str:
    from babel.numbers import format_decimal

    return format_decimal(pieces, locale=language)


def country(code: str, language: Language) -> str:
    """The name of a country, or its code where the language has none for it."""
    from babel import Locale

    return str(Locale.parse(language).territories.get(code, code))
