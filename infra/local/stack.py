"""The local stack as a whole: started, filled, written down, drained and stopped."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.deploy import DeployError, deploy, exists, put_keys
from infra.local import logins, processes, stripe
from infra.local.client import Api, Refused, TookTooLong, log_in, wait_for
from infra.local.places import Places
from infra.local.processes import StackError
from infra.local.seed import seed
from infra.package import PackagingError

# Where a storefront that somebody develops on this machine usually is; feeds and sitemaps lead there.
_STOREFRONT = "http://localhost:3000"
STACK = "jishi"
# Stream records that were on their way when the stack went down are gone; their events are in the outbox.
_RESENT = timedelta(minutes=10)
Say = Callable[[str], None]


def progress(started: float) -> Say:
    """Print each step with the seconds since `started`."""
    return lambda step: print(f"{time.monotonic() - started:6.1f} s  {step}", flush=True)


def up(places: Places, say: Say, demo_catalogue: bool = True) -> dict[str, Any]:
    """Bring the stack up, or leave it as it is if it answers; returns what stack.json says.

    Raises StackError with nothing left running if any step fails.
    """
    with _alone(places):
        if known := _answering(places):
            say("the shop is running already")
            return known
        try:
            return _start(places, say, demo_catalogue)
        except BaseException as error:
            processes.stop(places)
            if isinstance(error, (DeployError, PackagingError, Refused, TookTooLong)):
                raise StackError(f"{error} (logs: {places.logs})") from error
            raise


def down(places: Places, say: Say) -> None:
    """Let events that are on their way arrive, then stop. Data stays."""
    with _alone(places):
        if not processes.running(places):
            say("nothing is running")
            return
        if "ministack" in processes.running(places):
            say("letting events arrive")
            _drain(places)
        say("stopping")
        places.stopped.write_text(datetime.now(UTC).isoformat())
        processes.stop(places)
        places.stack_json.unlink(missing_ok=True)


def reset(places: Places, say: Say) -> None:
    """Stop, and forget all data. Installed packages stay."""
    with _alone(places):
        processes.stop(places)
        shutil.rmtree(places.home / "data", ignore_errors=True)
        shutil.rmtree(places.home / "run", ignore_errors=True)
        places.stack_json.unlink(missing_ok=True)
        say("the shop is empty again")


def _start(places: Places, say: Say, demo_catalogue: bool) -> dict[str, Any]:
    cards = stripe.provider(places)
    processes.install_emulators(places, say)
    say("starting ministack, osmem and localstripe" if cards.base else "starting ministack and osmem")
    processes.start(places, say)
    use_local_aws(places)
    if not exists(STACK):
        _forget_marks(places)
    say("packaging and deploying the shop")
    parameters = {
        "LocalStack": "true",
        "LocalUrl": places.aws_url,
        "OpenSearchUrl": places.search_url,
        "ShopUrl": os.environ.get("SHOP_URL") or _STOREFRONT,
        "StripeApiBase": cards.base,
    }
    outputs = deploy(STACK, parameters, places.package, say)
    put_keys(outputs["StripeSecretId"], cards.key, cards.webhook_secret)
    api = f"{places.aws_url}/_aws/execute-api/{outputs['RestAPIId']}/api"
    staff = logins.staff(places, outputs)
    customer = logins.customer(places, outputs)
    stripe.send_webhooks(api, cards)
    wait_for("the API", lambda: _healthy(api))
    known = {
        "api": api,
        "opensearch": places.search_url,
        "aws": places.aws_url,
        "stripe": {"api": cards.api, "key": cards.key},
        "outputs": outputs,
        "staff": staff,
        "customer": customer,
    }
    if places.seeded.exists():
        say("rebuilding the search index and sending the last events again")
        _invoke(outputs["ReindexFunction"], {})
        _invoke(outputs["RepublishFunction"], {"since": _last_seen(places)})
    elif demo_catalogue:
        say("filling the shop with the demo catalogue")
        seed(log_in(api, staff["email"], staff["password"]), say)
        places.seeded.touch()
    places.stopped.write_text(datetime.now(UTC).isoformat())
    places.stack_json.write_text(json.dumps(known, indent=2) + "\n")
    return known


def use_local_aws(places: Places) -> None:
    """Let every AWS client of this process talk to the local stack, whatever account the machine is set up for."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(
        AWS_REGION="us-east-1",
        AWS_ENDPOINT_URL=places.aws_url,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 - ministack takes any
        AWS_DEFAULT_REGION="us-east-1",
    )


def _forget_marks(places: Places) -> None:
    """Marks of data that a stack which was killed in its first run never saved."""
    for mark in (places.seeded, places.staff_login, places.customer_login):
        mark.unlink(missing_ok=True)


def _answering(places: Places) -> dict[str, Any] | None:
    if not processes.whole(places) or not places.stack_json.exists():
        return None
    known: dict[str, Any] = json.loads(places.stack_json.read_text())
    return known if _healthy(known["api"]) else None


def _healthy(api: str) -> bool:
    try:
        return bool(Api(api).get("/health")["status"] == "ok")
    except (Refused, OSError):
        return False


def _invoke(function: str, event: dict[str, Any]) -> Any:
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    if answer.get("FunctionError"):
        raise StackError(f"{function} failed: {payload.get('errorMessage', payload)}")
    return payload


def _last_seen(places: Places) -> str:
    seen = datetime.fromisoformat(places.stopped.read_text()) if places.stopped.exists() else datetime.now(UTC)
    return (seen - _RESENT).isoformat()


def _drain(places: Places, seconds: float = 15) -> None:
    """Wait until no queue but the dead letters holds a message; what is still under way after that is sent again."""
    use_local_aws(places)
    try:
        wait_for("empty queues", _queues_are_empty, seconds)
    except (TookTooLong, OSError, ClientError):
        return


def _queues_are_empty() -> bool:
    sqs = boto3.client("sqs")
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for url in sqs.list_queues().get("QueueUrls", []):
        if "DeadLetters" not in url:
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
            if any(int(attributes[name]) for name in counts):
                return False
    return True


@contextmanager
def _alone(places: Places) -> Iterator[None]:
    """One start or stop at a time."""
    places.home.mkdir(parents=True, exist_ok=True)
    with (places.home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("another start or stop of this stack is under way; wait for it to end") from None
        places.logs.mkdir(parents=True, exist_ok=True)
        (places.home / "data").mkdir(parents=True, exist_ok=True)
        yield
