"""Roles: what somebody of the staff may do, and that no route forgets to ask."""

import re

import pytest
from inprocess import OWNER, Gateway, Shop, eur, staff_operations
from refusals import refusal

from chalicelib.core.staff import ROLES, Permission
from chalicelib.core.web import Routes, StaffRoutes, UndeclaredPermission


def with_role(role: str) -> Gateway:
    return Gateway(OWNER | {"cognito:groups": f"[{role}]"})


def test_every_route_behind_the_staff_authorizer_names_a_permission(shop: Shop) -> None:
    from app import app

    behind = {
        (path, method)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if entry.authorizer is not None and entry.authorizer.name == "staff"
    }
    assert {(o.path, o.method) for o in staff_operations() if o.permission} == behind


def test_a_route_opens_to_its_permission_and_to_no_other(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for operation in staff_operations():
        needed = operation.permission
        assert needed is not None
        monkeypatch.setitem(ROLES, "everything-else", frozenset(Permission) - {needed})
        monkeypatch.setitem(ROLES, "only-this", frozenset({needed}))
        path = re.sub(r"{\w+}", "x", operation.path)
        status, _, problem = with_role("everything-else").send(operation.method, path, "{}")
        assert (status, problem["code"]) == (403, "forbidden"), operation.name
        assert needed in problem["detail"], operation.name
        assert with_role("only-this").send(operation.method, path, "{}")[0] in (200, 202, 404, 422), operation.name


def test_who_may_not_count_may_not_name_a_products_stock(shop: Shop) -> None:
    merchandiser = with_role("merchandiser")
    bare = {"sku": "MUG", "price": eur(100)}
    mug = {"handle": "mug", "title": "Mug", "category": "cups", "variants": [bare]}
    counted = {**mug, "variants": [{**bare, "stock": {"ams": 999}}]}
    refused = refusal(merchandiser.post, "/admin/products", counted)
    assert refused == {
        "status": 403,
        "code": "forbidden",
        "detail": "This needs the permission stock:write.",
        "pointer": "/variants/0/stock",
    }
    assert shop.guest.get("/categories")["data"] == merchandiser.get("/admin/products")["data"] == []
    made = merchandiser.post("/admin/products", mug)
    assert refusal(merchandiser.put, f"/admin/products/{made['id']}", counted)["status"] == 403
    assert shop.stock("MUG")["levels"] == []
    with_role("merchandiser,warehouse").put(f"/admin/products/{made['id']}", counted)
    assert shop.stock("MUG")["on_hand"] == 999
    assert refusal(merchandiser.put, f"/admin/products/{made['id']}", counted)["status"] == 403


def test_a_route_without_a_permission_can_not_be_declared() -> None:
    with pytest.raises(UndeclaredPermission, match="GET /admin/secrets"):
        StaffRoutes("x").get("/admin/secrets")
    with pytest.raises(UndeclaredPermission, match="GET /open"):
        Routes("x").get("/open", permission=Permission.ORDERS_READ)


def test_the_owner_may_everything_and_nobody_else() -> None:
    assert [role for role, permissions in ROLES.items() if permissions == set(Permission)] == ["owner"]


def test_several_roles_add_up(shop: Shop) -> None:
    packer = with_role("warehouse")
    assert refusal(packer.get, "/admin/products")["status"] == 403
    both = Gateway(OWNER | {"cognito:groups": "warehouse,merchandiser"})
    assert both.get("/admin/products")["data"] == []
    assert both.get("/admin/orders")["data"] == []


@pytest.mark.parametrize("groups", ["", "[]", "[owners]", "customers"])
def test_an_account_without_a_role_may_nothing(shop: Shop, groups: str) -> None:
    nobody = Gateway(OWNER | {"cognito:groups": groups})
    assert refusal(nobody.get, "/admin/orders")["status"] == 403


def test_the_api_document_says_what_a_route_needs(shop: Shop) -> None:
    paths = shop.guest.get("/openapi.json")["paths"]
    pack = paths["/admin/shipments/{shipment_id}/pack"]["post"]
    assert pack["x-permission"] == "shipments:write"
    assert "`shipments:write`" in pack["description"]
