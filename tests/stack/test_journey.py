"""The whole chain over HTTP, on the functions, queues and rules that are deployed."""

import contextlib
import json
import threading
from pathlib import Path
from typing import Any

import boto3
import pytest
from machine import ROOT
from refusals import refusal

from infra.local import processes, stack
from infra.local.client import Api, log_in, segment, wait_for
from infra.local.demo.__main__ import perform
from infra.local.demo.browser import DECLINED_CARD, GOOD_CARD, Browser
from infra.local.demo.play import Play
from infra.local.places import Places

DEMO_FILE = ROOT / "infra" / "local" / "demo" / "shopify-demo.csv"
DEMO_CATALOGUE = json.loads((ROOT / "infra" / "local" / "demo" / "catalogue.json").read_text())


def test_the_demo_plays_from_import_to_doorstep_and_back(running: dict[str, Any]) -> None:
    perform(running, DEMO_FILE)


@pytest.mark.slow
def test_the_demo_plays_on_any_shopify_file(running: dict[str, Any]) -> None:
    file = ROOT.parent / "shared" / "data" / "imports" / "shopify-apparel.csv"
    if not file.exists():
        pytest.skip("no ../shared: real export files are not here")
    Play(running).play(file)


def test_the_demo_catalogue_is_on_the_shelves(guest: Api, staff: Api) -> None:
    products, cursor = [], ""
    while cursor is not None:
        page = guest.get(f"/products?limit=100{cursor}")
        products += page["data"]
        cursor = f"&cursor={page['next_cursor']}" if page["next_cursor"] else None
    handles = {product["handle"] for product in products}
    assert {product["handle"] for product in DEMO_CATALOGUE["products"]} <= handles
    assert len(DEMO_CATALOGUE["products"]) == 62
    assert {c["id"] for c in DEMO_CATALOGUE["categories"]} <= {c["id"] for c in guest.get("/categories")["data"]}
    assert guest.get("/search?q=%E8%8C%B6")["total"] > 0
    assert len(staff.get("/admin/locations")["data"]) == 2


def test_outside_clients_find_what_they_rely_on(places: Places, running: dict[str, Any]) -> None:
    known = json.loads(places.stack_json.read_text())
    assert known == running
    assert known["api"].startswith("http://127.0.0.1:")
    assert set(known["staff"]) >= {"email", "password"}
    assert known["customer"]["email"] == "customer@jishi.example"
    assert known["stripe"]["api"].startswith("http://127.0.0.1:")
    assert known["stripe"]["key"].startswith("sk_test_")
    assert log_in(known["api"], known["staff"]["email"], known["staff"]["password"]).get("/admin/orders")


def test_the_demo_customer_can_log_in(running: dict[str, Any]) -> None:
    login = {"USERNAME": running["customer"]["email"], "PASSWORD": running["customer"]["password"]}
    answer = boto3.client("cognito-idp").initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH", ClientId=running["outputs"]["CustomerClientId"], AuthParameters=login
    )
    assert answer["AuthenticationResult"]["IdToken"]


def test_localstripe_takes_and_declines_cards(running: dict[str, Any]) -> None:
    stripe = Browser(running["stripe"])
    for number, status in ((GOOD_CARD, "requires_capture"), (DECLINED_CARD, "requires_payment_method")):
        wish = {
            "amount": 1290,
            "currency": "eur",
            "payment_method_types": ["card"],
            "capture_method": "manual",
        }
        intent = stripe.api.post("/v1/payment_intents", wish)
        assert stripe.pay(intent["id"], number) == status


def test_who_has_no_valid_token_is_refused_before_any_function_runs(running: dict[str, Any], staff: Api) -> None:
    token = staff.headers["Authorization"]
    header, payload, signature = token.split(".")
    forged = f"{header}.{payload}.{signature[:-4]}AAAA"
    unsigned = f"eyJhbGciOiJub25lIn0.{payload}."
    for bad in ("", "nonsense", forged, unsigned):
        api = Api(running["api"], Authorization=bad) if bad else Api(running["api"])
        refused = refusal(api.get, "/admin/orders")
        assert (refused["status"], refused["code"]) == (401, "unauthorized"), bad
    assert refusal(Api(running["api"]).get, "/nothing/here")["code"] == "not_found"
    wrong = {"email": running["staff"]["email"], "password": "wrong"}
    assert refusal(Api(running["api"]).post, "/admin/auth/login", wrong)["code"] == "wrong_credentials"


def test_a_function_may_do_what_its_role_says_and_nothing_else(running: dict[str, Any]) -> None:
    """AUTH=true is on: the relay's role may put events, and no role may read another module's table."""
    roles = {r["RoleName"]: r for r in boto3.client("iam").list_roles()["Roles"] if "PaymentsApi" in r["RoleName"]}
    assert len(roles) == 1
    assumed = boto3.client("sts").assume_role(RoleArn=next(iter(roles.values()))["Arn"], RoleSessionName="test")
    keys = assumed["Credentials"]
    as_payments = boto3.client(
        "dynamodb",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    tables = boto3.client("dynamodb").list_tables()["TableNames"]
    own = next(name for name in tables if "PaymentsTable" in name)
    other = next(name for name in tables if "OrdersTable" in name)
    key = {"pk": {"S": "x"}, "sk": {"S": "x"}}
    assert "Item" not in as_payments.get_item(TableName=own, Key=key)
    with pytest.raises(Exception, match="AccessDenied"):
        as_payments.get_item(TableName=other, Key=key)


def test_two_dozen_buyers_of_five_pieces(running: dict[str, Any], staff: Api) -> None:
    play = Play(running)
    sku = (
        "TEA-LJ-050"
        if "TEA-LJ-050" in json.dumps(DEMO_CATALOGUE)
        else DEMO_CATALOGUE["products"][0]["variants"][0]["sku"]
    )
    for level in staff.get(f"/admin/stock/{sku}")["levels"]:
        pieces = 3 if level["location"] == "ams" else 2
        staff.put(f"/admin/stock/{sku}", {"location": level["location"], "on_hand": pieces + level["reserved"]})
    free = staff.get(f"/admin/stock/{sku}")["available"]
    carts = [play.cart([sku]) for _ in range(24)]
    bought: list[str] = []
    threads = [threading.Thread(target=lambda cart=cart: bought.append(play.try_to_buy(cart))) for cart in carts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(bought)) == ["bought", "out_of_stock"]
    assert bought.count("bought") == free
    stock = staff.get(f"/admin/stock/{sku}")
    assert stock["available"] == 0
    assert stock["on_hand"] == stock["available"] + stock["reserved"]


@pytest.mark.slow
def test_stopping_and_starting_in_the_middle_loses_no_order(places: Places, running: dict[str, Any]) -> None:
    """Orders are placed without a pause while the stack goes down and comes up again; a client whose call is not
    answered repeats it with its key. Each of them is there afterwards, once, and is carried on."""
    play = Play(running)
    sku = DEMO_CATALOGUE["products"][1]["variants"][0]["sku"]
    play.staff.put(f"/admin/stock/{segment(sku)}", {"location": "ams", "on_hand": 1000})
    before = play.stock(sku)
    buyer = Buyer(play, sku)
    buyer.start()
    buyer.wait_for_orders(2)
    stack.down(places, print)
    assert processes.running(places) == {}
    across = buyer.begun
    again = stack.up(places, print)
    assert again["api"] == running["api"]
    buyer.wait_for_orders(across + 1)
    placed = buyer.stop()
    assert len({answer["order"]["id"] for answer in placed}) == len(placed) == buyer.begun
    for answer in placed:
        order = play.order(answer)
        play.until(order, lambda o: play.planned(o) == o["quantity"], "planned parcels after the restart")
    after = play.stock(sku)
    assert after["reserved"] == before["reserved"] + len(placed)
    assert after["on_hand"] == before["on_hand"]
    assert play.guest.get("/search?q=tea")["total"] > 0
    for parcel in play.order(placed[0]).get("/shipments")["data"]:
        play.send(play.order(placed[0]), parcel["id"])
    play.until(play.order(placed[0]), lambda o: o["payment_status"] == "paid", "a paid order after the restart")


class Buyer(threading.Thread):
    """Places one order after another until told to stop, patiently, each checkout with a key of its own."""

    def __init__(self, play: Play, sku: str) -> None:
        super().__init__()
        self.play, self.sku = play, sku
        self.begun = 0
        self.placed: list[dict[str, Any]] = []
        self.enough = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self.enough.is_set():
                self.begun += 1
                self.placed.append(self.play.checked_out([self.sku]))
        except BaseException as error:
            self.failure = error

    def wait_for_orders(self, number: int) -> None:
        wait_for(f"{number} orders", lambda: self.failure or len(self.placed) >= number, 120)
        assert self.failure is None

    def stop(self) -> list[dict[str, Any]]:
        self.enough.set()
        self.join(120)
        assert not self.is_alive()
        assert self.failure is None
        return self.placed


@pytest.mark.slow
def test_the_demo_lives_through_a_stop_and_a_start(places: Places, running: dict[str, Any]) -> None:
    """The stack goes down and up while guests and staff are at work, one performance after the other; they wait,
    and nothing is lost."""
    began, back = threading.Event(), threading.Event()

    class Watched(Play):
        def to_the_doorstep(self, skus: list[str]) -> None:
            began.set()
            super().to_the_doorstep(skus)

    failures: list[BaseException] = []

    def perform() -> None:
        try:
            while not back.is_set():
                Watched(running).play(DEMO_FILE)
        except BaseException as error:
            failures.append(error)
            began.set()

    performance = threading.Thread(target=perform)
    performance.start()
    assert began.wait(120)
    stack.down(places, print)
    assert performance.is_alive(), failures
    stack.up(places, print)
    back.set()
    performance.join(240)
    assert not performance.is_alive()
    assert failures == []


def test_no_dead_letters_are_left(running: dict[str, Any]) -> None:
    sqs = boto3.client("sqs")
    urls = [url for url in sqs.list_queues()["QueueUrls"] if "DeadLetters" in url]
    assert len(urls) == 13

    def empty() -> bool:
        counts = [
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
            for url in urls
        ]
        return all(int(count["ApproximateNumberOfMessages"]) == 0 for count in counts)

    assert wait_for("empty dead letter queues", empty, 5)


def test_only_this_machine_is_spoken_to(places: Places, running: dict[str, Any]) -> None:
    """Every port of the stack's processes is bound to 127.0.0.1."""
    inodes = set()
    for pid in processes.running(places).values():
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed since it was listed
                target = str(link.readlink())
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    listening = [
        line.split()[1]
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[9] in inodes
    ]
    assert listening
    assert {address.split(":")[0] for address in listening} == {"0100007F"}


def test_workers_share_one_unpacked_package(places: Places, running: dict[str, Any]) -> None:
    """Unpacking it for each of them took longer than all that they do in these tests."""

    def shared() -> bool:  # not while a worker is being made or taken away
        workers = list(places.scratch.glob("ministack-lambda-*/code"))
        linked = {worker.resolve() for worker in workers if worker.is_symlink()}
        zips = list(places.scratch.glob("ministack-lambda-*/*.zip"))
        return len(workers) > 1 and linked == set(places.scratch.glob("package-*")) and len(linked) == 1 and not zips

    assert wait_for("workers with one package", shared, 30)
