"""The keys of the shop's account at Stripe, in the form in which its secret holds them."""

from typing import Annotated

import msgspec

# A blank or a line break in a key would end in an error of the HTTP client that shows the whole header. With an empty
# signing secret everybody could sign.
_ApiKey = Annotated[str, msgspec.Meta(pattern=r"\A([rs]k_[!-~]+)?\Z")]
_WebhookSecret = Annotated[str, msgspec.Meta(pattern=r"\Awhsec_[!-~]+\Z")]
_WebhookSecrets = Annotated[tuple[_WebhookSecret, ...], msgspec.Meta(max_length=2)]


class Keys(msgspec.Struct, frozen=True):
    """`api_key` is empty in a shop without an account. Each of `webhook_secrets` counts; the newest stands first."""

    api_key: _ApiKey = ""
    webhook_secrets: _WebhookSecrets = ()

    def __repr__(self) -> str:
        return f"Keys({'an' if self.api_key else 'no'} API key, {len(self.webhook_secrets)} webhook secrets)"


def decode(secret: str) -> Keys:
    """Raises msgspec.DecodeError, which says what is wrong and where, and never what stands there."""
    return msgspec.json.decode(secret, type=Keys)


def encode(keys: Keys) -> str:
    return msgspec.json.encode(keys).decode()


def renewed(keys: Keys, api_key: str = "", webhook_secret: str = "") -> Keys:
    """What is given takes the place of what was there, an empty one leaves it. The webhook secret that was the newest
    so far goes on counting beside a new one. Raises msgspec.ValidationError as `decode` does.
    """
    secrets = keys.webhook_secrets
    if webhook_secret:
        secrets = (webhook_secret, *(secret for secret in secrets if secret != webhook_secret))[:2]
    return msgspec.convert({"api_key": api_key or keys.api_key, "webhook_secrets": secrets}, Keys)
