"""What every route does with what clients send."""

import json

import pytest
from inprocess import OWNER, ROOT, Gateway, Shop
from refusals import refusal


def problem_of(shop: Shop, method: str, path: str, body: str | None, **headers: str) -> tuple[int, dict]:
    status, sent, answered = shop.guest.send(method, path, body, **headers)
    assert sent["Content-Type"] == "application/problem+json"
    assert sent["Access-Control-Allow-Origin"] == "*"
    return status, answered


@pytest.mark.parametrize(
    "body", ["{", "nonsense", '{"a": NaN}', '{"a":1}}', '["\ud800"]', "[" * 100_000, '{"a": 1e999']
)
def test_malformed_json_is_400(shop: Shop, body: str) -> None:
    assert problem_of(shop, "POST", "/carts", body)[0] in (400, 422)


def test_unknown_fields_are_named(shop: Shop) -> None:
    assert problem_of(shop, "POST", "/carts", '{"surprise": 1}') == (
        422,
        {
            "status": 422,
            "code": "invalid_field",
            "detail": "Object contains unknown field `surprise`.",
            "pointer": "/surprise",
        },
    )


def test_a_field_deep_inside_is_pointed_at(shop: Shop) -> None:
    body = {"handle": "a", "title": "A", "variants": [{"sku": "A", "price": {"amount": "1", "currency": "EUR"}}]}
    assert refusal(shop.staff.post, "/admin/products", body)["pointer"] == "/variants/0/price/amount"
    del body["variants"][0]["price"]["amount"]
    assert refusal(shop.staff.post, "/admin/products", body)["pointer"] == "/variants/0/price/amount"


def test_other_content_types_are_415(shop: Shop) -> None:
    assert problem_of(shop, "POST", "/carts", "<cart/>", **{"Content-Type": "text/xml"})[0] == 415
    assert shop.guest.send("POST", "/carts", "{}", **{"Content-Type": "application/json; charset=utf-8"})[0] == 201


def test_a_body_that_is_too_large_is_413(shop: Shop) -> None:
    assert problem_of(shop, "POST", "/carts", json.dumps({"x": "y" * 1_000_001}))[0] == 413


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/query/limit"),
        ("limit=x", "/query/limit"),
        ("limit=101", "/query/limit"),
        ("page=2", "/query/page"),
        ("limit=null", "/query/limit"),
    ],
)
def test_a_bad_query_is_named(shop: Shop, query: str, pointer: str) -> None:
    status, problem = problem_of(shop, "GET", f"/products?{query}", None)
    assert (status, problem["pointer"]) == (422, pointer)


@pytest.mark.parametrize("name", ["price_max", "rating_min"])
def test_a_parameter_is_absent_or_has_a_value(shop: Shop, name: str) -> None:
    status, problem = problem_of(shop, "GET", f"/search?{name}=null", None)
    assert (status, problem["pointer"]) == (422, f"/query/{name}")


def test_an_endless_path_is_refused(shop: Shop) -> None:
    assert problem_of(shop, "GET", f"/products/{'x' * 3000}", None)[0] == 422


def test_a_path_parameter_is_decoded(shop: Shop) -> None:
    shop.product("茶杯", variants=[{"sku": "CUP 1/2", "price": {"amount": 1, "currency": "EUR"}, "stock": {"ams": 1}}])
    assert shop.guest.get("/products/%E8%8C%B6%E6%9D%AF")["variants"][0]["sku"] == "CUP 1/2"
    assert shop.stock("CUP 1/2")["on_hand"] == 1


def test_ids_that_are_none_are_404(shop: Shop) -> None:
    for path in ("/orders/x", "/orders/ord_%00", "/payments/x", "/payments/pay_", "/orders/ORD_1"):
        assert problem_of(shop, "GET", path, None, **{"Order-Token": "t"})[0] == 404
    assert refusal(shop.staff.get, "/admin/shipments/x")["status"] == 404
    assert refusal(shop.staff.post, "/admin/products/x/publish")["status"] == 404
    assert refusal(shop.staff.get, "/admin/imports/x")["status"] == 404
    assert refusal(shop.staff.get, "/admin/orders?cursor=bm8")["pointer"] == "/query/cursor"


def test_an_error_of_ours_says_nothing_of_its_inside(shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    from chalicelib.catalog.sorting import categories

    def broken() -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(categories, "present", broken)
    status, problem = problem_of(shop, "GET", "/categories", None)
    assert (status, problem["code"]) == (500, "internal_error")
    assert "secret" not in str(problem)
    assert "secret inside" in capsys.readouterr().out


def test_staff_paths_want_an_id_token(shop: Shop) -> None:
    access = Gateway(OWNER | {"token_use": "access"})
    assert refusal(shop.guest.get, "/admin/orders")["status"] == 401
    for path in ("/admin/orders", "/admin/products", "/admin/stock/MUG", "/admin/events?since=2026-01-01T00:00:00Z"):
        assert refusal(access.get, path)["status"] == 401
    assert refusal(access.put, "/admin/stock/MUG", {"location": "ams", "on_hand": 1})["status"] == 401


@pytest.mark.parametrize(
    "position", ["2026-01-01T00:00:00#x", "9999-12-31T23:59:59.000Z#x", "#", "0001-01-01T00:00:00Z#x"]
)
def test_a_cursor_that_no_list_gave_is_no_error_of_ours(shop: Shop, position: str) -> None:
    from chalicelib.core.paging import encode_cursor

    path = f"/admin/orders?cursor={encode_cursor(position)}"
    status, _, _ = shop.staff.send("GET", path)
    assert status in (200, 422)


def test_an_empty_cursor_is_the_beginning_of_any_list(shop: Shop) -> None:
    shop.product("mug")
    shop.staff.put("/admin/collections/summer", {"name": "Summer", "published": True})
    for path in ("/products/mug/reviews", "/products", "/collections/summer/products"):
        assert shop.guest.get(f"{path}?cursor=") == shop.guest.get(path)
    for status in ("pending", "rejected"):
        assert shop.staff.get(f"/admin/reviews?status={status}&cursor=")["data"] == []
    assert shop.customer().get("/me/orders?cursor=")["data"] == []
    assert refusal(shop.guest.get, "/products/mug/reviews?cursor=====")["pointer"] == "/query/cursor"


@pytest.mark.parametrize("since", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "yesterday", "2026-01-01T00:00:00"])
def test_a_time_that_never_was_is_refused(shop: Shop, since: str) -> None:
    assert refusal(shop.staff.get, f"/admin/events?since={since}")["pointer"] == "/query/since"


def test_ids_that_could_not_be_used_later_are_refused_at_once(shop: Shop) -> None:
    place = {"name": "Big", "country": "NL"}
    assert refusal(shop.staff.put, "/admin/locations/Big%20One", place)["pointer"] == "/path/location_id"
    assert refusal(shop.staff.put, "/admin/categories/a%20b", {"name": "A"})["pointer"] == "/path/category_id"
    assert refusal(shop.staff.get, "/admin/products?colour=red")["pointer"] == "/query/colour"
    dollars = {"amount": 1, "currency": "USD"}
    option = {"name": "x", "price": {"amount": 1, "currency": "EUR"}, "days_min": 1, "days_max": 2}
    assert refusal(shop.staff.put, "/admin/shipping-options/x", option | {"free_from": dollars})["pointer"] == (
        "/free_from/currency"
    )


def test_groups_are_read_as_aws_and_as_ministack_write_them(shop: Shop) -> None:
    from types import SimpleNamespace

    from chalicelib.core import request

    for written in ("catalog,support", "[catalog support]"):
        claims = {"sub": "s", "token_use": "id", "cognito:groups": written}
        made = SimpleNamespace(context={"authorizer": {"claims": claims}})
        assert request._staff(made).groups == {"catalog", "support"}


def test_the_api_describes_itself(shop: Shop) -> None:
    from openapi_spec_validator import validate

    document = shop.guest.get("/openapi.json")
    validate(document)
    assert document["openapi"].startswith("3.1")
    assert document["paths"]["/carts/{cart_id}/checkout"]["post"]["responses"]["201"]


def test_the_api_document_is_what_the_code_says(shop: Shop) -> None:
    from infra import document

    assert (ROOT / "chalicelib" / "admin" / "openapi.json").read_text() == document.openapi(), "run: make docs"
    assert (ROOT / "docs" / "events.md").read_text() == document.events(), "run: make docs"


def test_staffs_and_customers_paths_are_behind_their_authorizers(shop: Shop) -> None:
    from app import app

    for path, methods in app.routes.items():
        wanted = None
        if path.startswith("/admin/") and "/auth/" not in path:
            wanted = "staff"
        if path == "/me" or path.startswith("/me/"):
            wanted = "customers"
        for entry in methods.values():
            assert (entry.authorizer.name if entry.authorizer else None) == wanted, path
