"""Which barcodes a manufacturer was given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalog.feeds.gtin import gtin


@pytest.mark.parametrize(
    "barcode",
    [
        "4006381333931",  # GTIN-13
        "036000291452",  # GTIN-12, a UPC
        "96385074",  # GTIN-8
        "10614141000415",  # GTIN-14, a case
        "9780306406157",  # a book
        "9771234567898",  # a magazine
    ],
)
def test_what_gs1_gave_out_is_a_gtin(barcode: str) -> None:
    assert gtin(barcode) == barcode


def test_as_it_is_printed_it_is_one_too() -> None:
    assert gtin("978-0-306-40615-7") == gtin(" 9 780306 406157 ") == "9780306406157"


@pytest.mark.parametrize(
    "barcode",
    [
        None,
        "",
        "4006381333932",  # wrong check digit
        "0000000000000",
        "400638133393",  # a digit short: no UPC
        "ABC6381333931",
        "٤٠٠٦٣٨١٣٣٣٩٣١",  # digits, but not those of a barcode
        "2000000000008",  # a shop's own, weighed at its counter
        "0212345678909",
        "0412345678907",
        "0512345678904",  # a coupon
        "9812345678908",
        "00000017",  # a shop's own short number
    ],
)
def test_what_nobody_was_given_is_none(barcode: str | None) -> None:
    assert gtin(barcode) is None


@given(st.integers(3 * 10**11, 9 * 10**11 - 1), st.integers(0, 9))
def test_one_last_digit_in_ten_is_right_and_no_slip_of_a_digit_passes(body: int, digit: int) -> None:
    right = [last for last in range(10) if gtin(f"{body}{last}")]
    assert len(right) == 1
    code = f"{body}{right[0]}"
    place = body % 11 + 1
    slipped = f"{code[:place]}{digit}{code[place + 1 :]}"
    assert slipped == code or gtin(slipped) is None


@given(st.text())
def test_anything_may_be_asked(barcode: str) -> None:
    assert gtin(barcode) is None or gtin(barcode).isdigit()
