"""Accounts that a new shop comes with: its owner and one customer, with passwords that only this machine knows."""

import json
import secrets
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from infra.deploy import Outputs
from infra.local.places import Places

STAFF_EMAIL = "owner@jishi.example"
CUSTOMER_EMAIL = "customer@jishi.example"
Login = dict[str, str]


def staff(places: Places, outputs: Outputs) -> Login:
    """The owner's login; the account is made if it is not there."""
    pool = outputs["StaffPoolId"]
    kept = places.staff_login
    if kept.exists():
        return _read(kept)
    login = _account(pool, STAFF_EMAIL)
    boto3.client("cognito-idp").admin_add_user_to_group(UserPoolId=pool, Username=STAFF_EMAIL, GroupName="owner")
    return _keep(kept, login)


def customer(places: Places, outputs: Outputs) -> Login:
    """The login of a customer whose address is confirmed; the account is made if it is not there."""
    kept = places.customer_login
    if kept.exists():
        return _read(kept)
    return _keep(kept, _account(outputs["CustomerPoolId"], CUSTOMER_EMAIL))


def _account(pool: str, email: str) -> Login:
    """A confirmed account with a new password, whether or not there was one."""
    cognito = boto3.client("cognito-idp")
    password = f"Market-{secrets.token_hex(8)}"
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    try:
        cognito.admin_create_user(UserPoolId=pool, Username=email, UserAttributes=attributes, MessageAction="SUPPRESS")
    except ClientError as error:
        if error.response["Error"]["Code"] != "UsernameExistsException":
            raise
    cognito.admin_set_user_password(UserPoolId=pool, Username=email, Password=password, Permanent=True)
    return {"email": email, "password": password}


def _read(kept: Path) -> Login:
    login: Login = json.loads(kept.read_text())
    return login


def _keep(kept: Path, login: Login) -> Login:
    kept.write_text(json.dumps(login))
    return login
