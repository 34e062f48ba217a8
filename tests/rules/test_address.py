import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import ShopError
from chalicelib.orders import address
from chalicelib.orders.address import Address

AMSTERDAM = Address("Lin Yue", "Prinsengracht 263", "Amsterdam", "NL", postal_code="1016 GV")
NEW_YORK = Address("Ada Ray", "350 5th Ave", "New York", "US", region="NY", postal_code="10118")
HANGZHOU = Address("林悦", "文三路 90 号", "杭州市", "CN", region="浙江省", postal_code="310012")
HONG_KONG = Address("Chan Tai Man", "1 Nathan Road", "Tsim Sha Tsui", "HK", region="Kowloon")
TOKYO = Address("山田花子", "神南 1-2-3", "渋谷区", "JP", region="東京都", postal_code="150-0041")
DUBLIN = Address("Niamh Daly", "5 Parnell Street", "Dublin", "IE")

POINTERS = {f"/{field}" for field in Address.__struct_fields__}

countries = st.text(string.ascii_uppercase, min_size=2, max_size=2)


def refused(wrong: Address, **changes: str) -> tuple[str, str | None]:
    with pytest.raises(ShopError) as refusal:
        address.check(msgspec.structs.replace(wrong, **changes))
    assert (refusal.value.code, refusal.value.status) == ("invalid_address", 422)
    return refusal.value.pointer, refusal.value.detail


@pytest.mark.parametrize("good", [AMSTERDAM, NEW_YORK, HANGZHOU, HONG_KONG, TOKYO, DUBLIN], ids=lambda a: a.country)
def test_an_address_is_good_in_the_form_of_its_country(good):
    address.check(good)


@pytest.mark.parametrize("missing", [AMSTERDAM, NEW_YORK, HANGZHOU], ids=lambda a: a.country)
def test_a_postal_code_is_needed_where_the_country_has_them(missing):
    assert refused(missing, postal_code="") == ("/postal_code", f"{missing.country} addresses need this.")


@pytest.mark.parametrize(
    ("wrong", "postal_code"),
    [(AMSTERDAM, "99"), (AMSTERDAM, "10118"), (NEW_YORK, "1016 GV"), (NEW_YORK, "90210"), (HANGZHOU, "3100")],
)
def test_a_postal_code_in_another_form_or_from_another_state_is_refused(wrong, postal_code):
    assert refused(wrong, postal_code=postal_code) == ("/postal_code", f"This is not valid in {wrong.country}.")


@pytest.mark.parametrize("missing", [NEW_YORK, HANGZHOU, HONG_KONG, TOKYO], ids=lambda a: a.country)
def test_a_region_is_needed_where_the_country_has_them(missing):
    assert refused(missing, region="") == ("/region", f"{missing.country} addresses need this.")


@pytest.mark.parametrize("wrong", [NEW_YORK, HANGZHOU, HONG_KONG], ids=lambda a: a.country)
def test_a_region_that_the_country_does_not_have_is_refused(wrong):
    assert refused(wrong, region="Bavaria") == ("/region", f"This is not valid in {wrong.country}.")


@pytest.mark.parametrize("region", ["NY", "New York", "new york"])
def test_a_region_may_be_written_out(region):
    address.check(msgspec.structs.replace(NEW_YORK, region=region))


@pytest.mark.parametrize("country", ["XX", "ZZ", "UK", "EU"])
def test_a_country_that_does_not_exist_is_refused(country):
    assert refused(AMSTERDAM, country=country) == ("/country", f"This is not valid in {country}.")


@pytest.mark.parametrize("good", [AMSTERDAM, NEW_YORK, HANGZHOU, TOKYO], ids=lambda a: a.country)
def test_a_city_that_nobody_has_heard_of_may_exist(good):
    address.check(msgspec.structs.replace(good, city="Neustadt an der Aisch"))


def test_a_second_line_is_welcome():
    address.check(msgspec.structs.replace(AMSTERDAM, line2="3 hoog"))


@given(countries, st.text(max_size=20), st.text(max_size=20), st.text("\t \nx", min_size=1, max_size=5))
def test_every_address_is_good_or_refused_by_the_field_at_fault(country, region, postal_code, city):
    problem = None
    try:
        address.check(Address("A", "1 Street", city, country, region=region, postal_code=postal_code))
    except ShopError as refusal:
        problem = refusal
    assert problem is None or (problem.code == "invalid_address" and problem.pointer in POINTERS)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "  "},
        {"line1": "\t"},
        {"city": ""},
        {"city": " \n"},
        {"name": "x" * 201},
        {"country": "nl"},
        {"country": "NLD"},
        {"country": ""},
        {"postal_code": "1" * 21},
        {"email": "lin@example.org"},
    ],
)
def test_what_is_no_address_is_not_even_looked_at(changes):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(AMSTERDAM) | changes, Address)


@pytest.mark.parametrize("field", ["name", "line1", "city", "country"])
def test_an_address_without_its_first_fields_is_none(field):
    body = msgspec.to_builtins(AMSTERDAM)
    del body[field]
    with pytest.raises(msgspec.ValidationError, match=field):
        msgspec.convert(body, Address)
