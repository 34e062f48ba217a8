"""Staff's work in the warehouse."""

import msgspec

from chalicelib.core.idempotency import Once
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.logistics import schemas, service, shards, stock, tables
from chalicelib.logistics.shipping import ShippingOption

routes = StaffRoutes(__name__)


@routes.get("/admin/locations", permission=Permission.SETTINGS_READ)
def list_locations() -> schemas.Locations:
    """The places that hold stock, the preferred ones first."""
    return schemas.Locations([schemas.location(item) for item in tables.locations()], None)


@routes.put("/admin/locations/{location_id}", permission=Permission.SETTINGS_WRITE)
def put_location(location_id: schemas.LocationId, body: schemas.PutLocation, staff: Staff) -> schemas.LocationView:
    """Create or change a place that holds stock."""
    return schemas.location(service.put_location(location_id, body.name, body.country, body.priority, staff))


@routes.put("/admin/shipping-options/{option_id}", permission=Permission.SETTINGS_WRITE)
def put_shipping_option(option_id: schemas.LocationId, body: schemas.PutShippingOption, staff: Staff) -> ShippingOption:
    """Create or change a way to send orders."""
    return service.put_shipping_option(ShippingOption(id=option_id, **msgspec.structs.asdict(body)), staff)


@routes.get("/admin/stock/{sku}", permission=Permission.STOCK_READ)
def show_stock(sku: str) -> schemas.StockView:
    """A SKU's stock at each location."""
    return schemas.stock(sku, tables.levels_of(sku))


@routes.put("/admin/stock/{sku}", permission=Permission.STOCK_WRITE)
def count_stock(sku: str, body: schemas.CountStock, staff: Staff) -> schemas.StockView:
    """Say how many pieces of a SKU lie at a location; what is reserved for orders stays reserved."""
    stock.count(sku, body.location, body.on_hand, staff)
    return schemas.stock(sku, tables.levels_of(sku))


@routes.put("/admin/stock/{sku}/shards", permission=Permission.STOCK_WRITE)
def spread_stock(sku: str, body: schemas.Spread, staff: Staff) -> schemas.StockView:
    """Spread the stock of a SKU that many will want at once. The pieces stay at their locations."""
    shards.put(sku, body.shards, staff)
    return schemas.stock(sku, tables.levels_of(sku))


@routes.get("/admin/shipments/{shipment_id}", permission=Permission.SHIPMENTS_READ)
def show_shipment(shipment_id: str) -> schemas.ShipmentView:
    """A parcel."""
    return schemas.shipment(service.find(shipment_id))


@routes.post("/admin/shipments/{shipment_id}/pack", permission=Permission.SHIPMENTS_WRITE)
def pack(shipment_id: str, staff: Staff) -> schemas.ShipmentView:
    """The parcel is packed. Packing it again changes nothing."""
    return schemas.shipment(service.pack(shipment_id, staff))


@routes.post("/admin/shipments/{shipment_id}/dispatch", permission=Permission.SHIPMENTS_WRITE)
def dispatch(shipment_id: str, body: schemas.Dispatch, staff: Staff) -> schemas.ShipmentView:
    """The carrier has the parcel, under this tracking number."""
    return schemas.shipment(service.dispatch(shipment_id, body.carrier, body.tracking_number, staff))


@routes.post("/admin/shipments/{shipment_id}/deliver", permission=Permission.SHIPMENTS_WRITE)
def deliver(shipment_id: str, staff: Staff) -> schemas.ShipmentView:
    """The customer has the parcel."""
    return schemas.shipment(service.deliver(shipment_id, staff))


@routes.post("/admin/shipments/{shipment_id}/split", status=201, permission=Permission.SHIPMENTS_WRITE)
def split(shipment_id: str, body: schemas.Split, once: Once, staff: Staff) -> schemas.ShipmentView:
    """Send some pieces of a planned parcel in one of their own, which is the answer."""
    return schemas.shipment(service.split(shipment_id, body.lines, once, staff))
