"""The acts with cards: a customer pays by card and gets the money back; a guest's card is declined."""

from infra.local.client import Api, Json, Refused, segment, wait_for
from infra.local.demo.browser import DECLINED_CARD, GOOD_CARD, Browser
from infra.local.demo.finding import FindingPlay
from infra.local.demo.play import ADDRESS, PATIENCE, Play, Sub


class CardPlay:
    """Goes on where `play` is: with its staff, its guest and its steps."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.browser = Browser(play.stack["stripe"], PATIENCE)

    def perform(self, sku: str) -> None:
        with self.play.step("staff count five more pieces for those who pay by card"):
            level = self.play.stock(sku)["levels"][0]
            count = {"location": level["location"], "on_hand": level["on_hand"] + 5}
            self.play.staff.put(f"/admin/stock/{segment(sku)}", count)
        self.paid_and_given_back(sku)
        self.declined(sku)

    def paid_and_given_back(self, sku: str) -> None:
        play = self.play
        before = play.stock(sku)
        customer = self.logged_in()
        with play.step("a customer fills a cart, checks out by card and pays"):
            placed = self.customers_checkout(customer, sku)
            payment = Sub(customer, f"/me/payments/{placed['payment']['id']}")
            self.pay(placed, payment, GOOD_CARD)
        order = Sub(customer, f"/me/orders/{placed['order']['id']}")
        with play.step("the order is confirmed, its money is promised, and its parcels are planned"):
            play.until(order, lambda o: o["payment_status"] == "authorized", "the authorization")
            parcels = play.until(order, lambda o: play.planned(o) == o["quantity"], "planned parcels")["shipments"]
        with play.step("staff pack the parcel, and that takes the money"):
            for parcel in parcels:
                play.staff.post(f"/admin/shipments/{parcel['id']}/pack", {})
            play.until(order, lambda o: o["payment_status"] == "paid", "a paid order")
        for parcel in parcels:
            play.send_off(order, parcel["id"])
        play.until(order, lambda o: o["status"] == "completed", "a completed order")
        FindingPlay(play).review(order, sku)
        with play.step("staff give the money back"):
            play.staff.post(f"/admin/orders/{placed['order']['id']}/refunds", {"reason": "chipped"})
            play.until(order, lambda o: o["payment_status"] == "refunded", "the refund")
            play.check(payment.get(".")["refunded"] == placed["payment"]["amount"], "not all of it came back")
        play.check(play.stock(sku)["on_hand"] == before["on_hand"] - 1, f"{sku} is counted wrongly")

    def declined(self, sku: str) -> None:
        play = self.play
        before = play.stock(sku)
        with play.step("a guest's card is declined; the order is called off and the stock is back"):
            cart = play.cart([sku])
            placed = cart.post("/checkout", {**play.wish(cart.get(".")), "payment_method": "card"})
            order = play.order(placed)
            payment = Sub(order.api, f"/payments/{placed['payment']['id']}")
            self.pay(placed, payment, DECLINED_CARD)
            play.check(payment.get(".")["decline"], "nobody says that the card was declined")
            play.check(order.get(".")["status"] == "pending_payment", "the order does not wait for another card")
            order.post("/cancel", {"reason": "my card does not work"})
            play.check(play.stock(sku) == before, "the stock is not what it was")

    def logged_in(self) -> Api:
        login = self.play.stack["customer"]
        tokens = self.play.guest.post("/auth/login", {"email": login["email"], "password": login["password"]})
        return self.play.guest.with_headers(Authorization=tokens["id_token"])

    def customers_checkout(self, customer: Api, sku: str) -> Json:
        cart = Sub(customer, "/me/cart")
        for line in customer.post("/me/cart")["lines"]:  # an earlier performance may have been cut short
            customer.call("DELETE", f"/me/cart/items/{segment(line['sku'])}")
        cart.post("/items", {"sku": sku, "quantity": 1})
        cart.put("/shipping-address", ADDRESS)
        cart.put("/shipping-option", {"id": cart.get("/shipping-options")["data"][0]["id"]})
        wish = {**self.play.wish(cart.get(".")), "payment_method": "card"}
        return cart.post("/checkout", wish)

    def pay(self, placed: Json, payment: Sub, card: str) -> None:
        """What a shop's page does: the card goes to the provider, and then the shop is told to look there."""
        intent = placed["payment"]["client_secret"].partition("_secret_")[0]
        self.browser.pay(intent, card)
        wait_for("the shop to see it", lambda: self.seen(payment), PATIENCE)

    def seen(self, payment: Sub) -> bool:
        try:
            now = payment.post("/refresh", {})
        except Refused as refused:
            if refused.status != 503:  # the provider did not answer
                raise
            return False
        return now["status"] != "created" or bool(now["decline"])
