"""The strict Stripe's customers and the cards that they save (docs.stripe.com/api/customers, /setup_intents,
/payment_methods)."""

from itertools import count

from strict_stripe import Answer, Json, Refusal, StripeServer, known_parameters, listed, metadata_of


class Customers:
    """Adds its paths to a server. `save` is what a customer's browser does with a SetupIntent's secret."""

    def __init__(self, server: StripeServer) -> None:
        self.server = server
        self.customers: dict[str, Json] = {}
        self.setups: dict[str, Json] = {}
        self.methods: dict[str, Json] = {}
        self.numbers = count(1)
        self.pay_as_anybody = server.writes["/v1/payment_intents"]
        server.writes["/v1/payment_intents"] = self._pay
        server.writes["/v1/customers"] = self._create
        server.writes["/v1/setup_intents"] = self._set_up
        server.writes[r"/v1/payment_methods/(\w+)/detach"] = self._detach
        server.reads["/v1/payment_methods"] = self._list

    def save(self, client_secret: str, last4: str = "4242") -> str:
        setup = next(setup for setup in self.setups.values() if setup["client_secret"] == client_secret)
        assert setup["status"] == "requires_payment_method"
        method_id = f"pm_{len(self.methods) + 1:06d}"
        setup |= {"status": "succeeded", "payment_method": method_id}
        self.methods[method_id] = {
            "id": method_id,
            "object": "payment_method",
            "type": "card",
            "customer": setup["customer"],
            "card": {"brand": "visa", "last4": last4, "exp_month": 12, "exp_year": 2030},
        }
        self.server.tell("setup_intent.succeeded", setup)
        return method_id

    def forget(self) -> None:
        """Nobody is known any more, as in another account."""
        self.customers.clear()
        self.methods.clear()

    def _pay(self, given: dict[str, str]) -> Answer:
        if "customer" in given:
            self._customer(given["customer"])
        return self.pay_as_anybody(given)

    def _create(self, given: dict[str, str]) -> Answer:
        known_parameters(given, {"metadata", "email", "name"})
        customer_id = f"cus_{next(self.numbers):06d}"
        made = {"id": customer_id, "object": "customer", "metadata": metadata_of(given)}
        self.customers[customer_id] = made
        return Answer(200, dict(made))

    def _set_up(self, given: dict[str, str]) -> Answer:
        known_parameters(given, {"customer", "usage", "payment_method_types", "metadata"})
        setup_id = f"seti_{len(self.setups) + 1:06d}"
        made = {
            "id": setup_id,
            "object": "setup_intent",
            "customer": self._customer(given.get("customer", "")),
            "usage": given.get("usage", "off_session"),
            "status": "requires_payment_method",
            "client_secret": f"{setup_id}_secret",
            "payment_method": None,
            "metadata": metadata_of(given),
        }
        self.setups[setup_id] = made
        return Answer(200, dict(made))

    def _list(self, query: dict[str, str]) -> Answer:
        known_parameters(query, {"customer", "type", "limit", "starting_after"})
        owner = self._customer(query.get("customer", ""))
        mine = [method for method in self.methods.values() if method["customer"] == owner]
        return listed("/v1/payment_methods", mine, query)

    def _detach(self, given: dict[str, str], method_id: str) -> Answer:
        known_parameters(given, set())
        method = self.methods.get(method_id)
        if method is None or method["customer"] is None:
            raise Refusal("resource_missing", "The payment method is not attached to a customer.", 400)
        method["customer"] = None
        return Answer(200, dict(method))

    def _customer(self, customer_id: str) -> str:
        if customer_id not in self.customers:
            raise Refusal("resource_missing", f"No such customer: {customer_id}", 404)
        return customer_id
