"""What the shop's secret may hold, and how it changes."""

import msgspec
import pytest

from chalicelib.payments import keys
from chalicelib.payments.keys import Keys

OLD = Keys("sk_live_1", ("whsec_2", "whsec_1"))


def test_a_new_stacks_secret_holds_no_keys() -> None:
    assert keys.decode("{}") == Keys("", ())


def test_what_is_written_is_read_again() -> None:
    assert keys.decode(keys.encode(OLD)) == OLD


def test_a_new_webhook_secret_stands_first_and_the_one_before_it_goes_on_counting() -> None:
    assert keys.renewed(OLD, webhook_secret="whsec_3") == Keys("sk_live_1", ("whsec_3", "whsec_2"))
    assert keys.renewed(Keys(), webhook_secret="whsec_1") == Keys("", ("whsec_1",))


def test_a_webhook_secret_that_is_known_is_not_there_twice() -> None:
    assert keys.renewed(OLD, webhook_secret="whsec_2") == OLD
    assert keys.renewed(OLD, webhook_secret="whsec_1").webhook_secrets == ("whsec_1", "whsec_2")


def test_what_is_not_given_stays() -> None:
    assert keys.renewed(OLD) == OLD
    assert keys.renewed(OLD, "rk_live_2") == Keys("rk_live_2", OLD.webhook_secrets)


def test_no_form_of_keys_shows_them() -> None:
    for shown in (repr(OLD), str(OLD), f"{OLD}", f"{[OLD]}"):
        assert "live" not in shown
        assert "whsec" not in shown


@pytest.mark.parametrize(
    "secret",
    [
        '{"api_key": "sk_live_PRIVATE\\n"}',
        '{"api_key": "Bearer sk_live_PRIVATE"}',
        '{"api_key": "whsec_PRIVATE"}',
        '{"api_key": ["sk_live_PRIVATE"]}',
        '{"webhook_secrets": [""]}',
        '{"webhook_secrets": "whsec_PRIVATE"}',
        '{"webhook_secrets": ["whsec_PRIVATE\\n"]}',
        '{"webhook_secrets": ["sk_live_PRIVATE"]}',
        '{"webhook_secrets": ["whsec_PRIVATE", "whsec_2", "whsec_3"]}',
        '"sk_live_PRIVATE"',
        "sk_live_PRIVATE",
    ],
)
def test_what_can_be_no_key_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(msgspec.DecodeError) as refused:
        keys.decode(secret)
    assert "PRIVATE" not in str(refused.value)


def test_what_can_be_no_key_is_not_written() -> None:
    for given in (("sk_live_PRIVATE\n", ""), ("", "PRIVATE")):
        with pytest.raises(msgspec.ValidationError) as refused:
            keys.renewed(OLD, *given)
        assert "PRIVATE" not in str(refused.value)
