"""Staff's work on the catalogue."""

from chalicelib.catalog import products, schemas, service, tables
from chalicelib.catalog.files import exports, imports, transfer_schemas
from chalicelib.catalog.media import media, media_schemas
from chalicelib.catalog.pricing import price_schemas, prices
from chalicelib.catalog.pricing.price_lists import PriceList, PriceListDraft
from chalicelib.catalog.product import ARCHIVED, DRAFT, PUBLISHED, AttributeId, ProductDraft, Slug
from chalicelib.catalog.reviews import review_schemas, reviews
from chalicelib.catalog.search import curating, curation_schemas
from chalicelib.catalog.search.curation import CurationDraft
from chalicelib.catalog.search.synonyms import SynonymDraft
from chalicelib.catalog.sorting import attributes, categories, collections, taxonomy_schemas
from chalicelib.catalog.sorting.taxonomy import AttributeDraft, CategoryDraft, CollectionDraft
from chalicelib.core.errors import invalid
from chalicelib.core.idempotency import Once
from chalicelib.core.paging import Page, decode_cursor, encode_cursor
from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes

routes = StaffRoutes(__name__)


@routes.post("/admin/products", status=201, permission=Permission.CATALOG_WRITE)
def create_product(body: ProductDraft, staff: Staff) -> schemas.StaffProductView:
    """Create a product, published or as a draft. The same request again answers with the same product."""
    return schemas.staff_product(*service.product(products.create(body, staff).product_id))


@routes.get("/admin/products", permission=Permission.CATALOG_READ)
def list_all_products(query: Page) -> schemas.StaffProducts:
    """All products, drafts too, newest first."""
    found, after = service.listed(tables.EVERYTHING, query.limit, decode_cursor(query.cursor))
    return schemas.StaffProducts([schemas.staff_card(p) for p in found], encode_cursor(after))


@routes.get("/admin/products/{product_id}", permission=Permission.CATALOG_READ)
def show_any_product(product_id: str) -> schemas.StaffProductView:
    """A product, published or not."""
    return schemas.staff_product(*service.product(product_id))


@routes.put("/admin/products/{product_id}", permission=Permission.CATALOG_WRITE)
def replace_product(product_id: str, body: ProductDraft, staff: Staff) -> schemas.StaffProductView:
    """Make a product what the body says. A handle that it had before leads to it from now on."""
    products.replace(product_id, body, staff)
    return schemas.staff_product(*service.product(product_id))


@routes.post("/admin/products/{product_id}/publish", permission=Permission.CATALOG_WRITE)
def publish_product(product_id: str, staff: Staff) -> schemas.StaffProductView:
    """Show a product and put it into search."""
    products.set_status(product_id, PUBLISHED, staff)
    return schemas.staff_product(*service.product(product_id))


@routes.post("/admin/products/{product_id}/unpublish", permission=Permission.CATALOG_WRITE)
def unpublish_product(product_id: str, staff: Staff) -> schemas.StaffProductView:
    """Hide a product and take it out of search."""
    products.set_status(product_id, DRAFT, staff)
    return schemas.staff_product(*service.product(product_id))


@routes.post("/admin/products/{product_id}/archive", permission=Permission.CATALOG_WRITE)
def archive_product(product_id: str, staff: Staff) -> schemas.StaffProductView:
    """Hide a product that is not sold any more; its orders and its handle stay."""
    products.set_status(product_id, ARCHIVED, staff)
    return schemas.staff_product(*service.product(product_id))


@routes.put("/admin/categories/{category_id}", permission=Permission.CATALOG_WRITE)
def put_category(category_id: Slug, body: CategoryDraft, staff: Staff) -> taxonomy_schemas.CategoryPage:
    """Create, change or move a category. Without a parent it stands at the top."""
    return taxonomy_schemas.category_page(categories.put(category_id, body, staff), category_id)


@routes.delete("/admin/categories/{category_id}", permission=Permission.CATALOG_WRITE)
def delete_category(category_id: Slug, staff: Staff) -> taxonomy_schemas.CategoryList:
    """Take away a category with nothing below it and no published products in it. Shows those that are left."""
    return taxonomy_schemas.category_list(categories.delete(category_id, staff), None)


@routes.get("/admin/collections", permission=Permission.CATALOG_READ)
def list_all_collections() -> taxonomy_schemas.StaffCollectionList:
    """All collections, shown or not."""
    return taxonomy_schemas.staff_collection_list()


@routes.get("/admin/collections/{collection_id}", permission=Permission.CATALOG_READ)
def show_any_collection(collection_id: Slug) -> taxonomy_schemas.StaffCollectionPage:
    """A collection, shown or not, and the products that were put into it."""
    return taxonomy_schemas.staff_collection(collections.find(collection_id), collections.chosen(collection_id))


@routes.put("/admin/collections/{collection_id}", permission=Permission.CATALOG_WRITE)
def put_collection(collection_id: Slug, body: CollectionDraft, staff: Staff) -> taxonomy_schemas.StaffCollectionPage:
    """Create or change a collection. What belongs to it by a new rule is there after a while."""
    one = collections.put(collection_id, body, staff)
    return taxonomy_schemas.staff_collection(one, collections.chosen(collection_id))


@routes.delete("/admin/collections/{collection_id}", permission=Permission.CATALOG_WRITE)
def delete_collection(collection_id: Slug, staff: Staff) -> taxonomy_schemas.StaffCollectionList:
    """Take a collection away; its products stay. Shows the collections that are left."""
    collections.delete(collection_id, staff)
    return taxonomy_schemas.staff_collection_list()


@routes.put("/admin/collections/{collection_id}/products", permission=Permission.CATALOG_WRITE)
def choose_products(
    collection_id: Slug, body: taxonomy_schemas.ChooseProducts, staff: Staff
) -> taxonomy_schemas.StaffCollectionPage:
    """Say which products are in a collection that has no rule, and in which order: at most 1,000."""
    chosen = collections.choose(collection_id, body.products, staff)
    return taxonomy_schemas.staff_collection(collections.find(collection_id), chosen)


@routes.get("/admin/attributes", permission=Permission.CATALOG_READ)
def list_all_attributes() -> taxonomy_schemas.AttributeList:
    """What staff have said of attributes, and files of those that staff have not."""
    return taxonomy_schemas.attribute_list(attributes.latest())


@routes.get("/admin/attributes/{attribute_id}", permission=Permission.CATALOG_READ)
def show_attribute(attribute_id: AttributeId) -> taxonomy_schemas.AttributeView:
    """What is said of an attribute."""
    return taxonomy_schemas.attribute(attributes.find(attribute_id))


@routes.put("/admin/attributes/{attribute_id}", permission=Permission.CATALOG_WRITE)
def put_attribute(attribute_id: AttributeId, body: AttributeDraft, staff: Staff) -> taxonomy_schemas.AttributeView:
    """Name an attribute and say of which type its values are. Products that have others keep them until saved."""
    return taxonomy_schemas.attribute(attributes.put(attribute_id, body, staff))


@routes.delete("/admin/attributes/{attribute_id}", permission=Permission.CATALOG_WRITE)
def delete_attribute(attribute_id: AttributeId, staff: Staff) -> taxonomy_schemas.AttributeList:
    """Take away what is said of an attribute; products keep their values. Shows those that are left."""
    attributes.delete(attribute_id, staff)
    return taxonomy_schemas.attribute_list(attributes.latest())


@routes.get("/admin/price-lists", permission=Permission.CATALOG_READ)
def list_price_lists() -> price_schemas.PriceLists:
    """All price lists, whether they are valid now or not."""
    return price_schemas.PriceLists(prices.kept_lists(), None)


@routes.get("/admin/price-lists/{list_id}", permission=Permission.CATALOG_READ)
def show_price_list(list_id: str) -> PriceList:
    """For whom and when the prices count that name this list."""
    return prices.find_list(list_id)


@routes.put("/admin/price-lists/{list_id}", permission=Permission.CATALOG_WRITE)
def put_price_list(list_id: Slug, body: PriceListDraft, staff: Staff) -> PriceList:
    """Say for whom and when the prices count that name this list. Known everywhere after a minute."""
    return prices.put_list(list_id, body, staff)


@routes.delete("/admin/price-lists/{list_id}", permission=Permission.CATALOG_WRITE)
def delete_price_list(list_id: str, staff: Staff) -> price_schemas.PriceLists:
    """Let the prices that name this list count for nobody. The answer are the lists that are left."""
    prices.delete_list(list_id, staff)
    return price_schemas.PriceLists(prices.kept_lists(), None)


@routes.get("/admin/search/synonyms", permission=Permission.CATALOG_READ)
def list_synonyms() -> curation_schemas.SynonymsList:
    """All groups of words that search takes for each other, those among them that the shop comes with."""
    return curation_schemas.groups()


@routes.get("/admin/search/synonyms/{group_id}", permission=Permission.CATALOG_READ)
def show_synonyms(group_id: str) -> curation_schemas.SynonymsView:
    """A group of words that search takes for each other."""
    return curation_schemas.group(group_id)


@routes.put("/admin/search/synonyms/{group_id}", permission=Permission.CATALOG_WRITE)
def put_synonyms(group_id: Slug, body: SynonymDraft, staff: Staff) -> curation_schemas.SynonymsView:
    """Say which words search takes for each other. Known everywhere after a minute, without a new index."""
    curating.put_group(group_id, body, staff)
    return curation_schemas.group(group_id)


@routes.delete("/admin/search/synonyms/{group_id}", permission=Permission.CATALOG_WRITE)
def delete_synonyms(group_id: str, staff: Staff) -> curation_schemas.SynonymsList:
    """Take a group away, or what was changed of one that the shop comes with. Shows those that are left."""
    curating.delete_group(group_id, staff)
    return curation_schemas.groups()


@routes.get("/admin/search/curations", permission=Permission.CATALOG_READ)
def list_curations() -> curation_schemas.CurationList:
    """All queries whose results are curated."""
    return curation_schemas.curated()


@routes.get("/admin/search/curations/{curation_id}", permission=Permission.CATALOG_READ)
def show_curation(curation_id: str) -> curation_schemas.CurationView:
    """What stands first for some queries, and what is left out."""
    return curation_schemas.curation(curation_id)


@routes.put("/admin/search/curations/{curation_id}", permission=Permission.CATALOG_WRITE)
def put_curation(curation_id: Slug, body: CurationDraft, staff: Staff) -> curation_schemas.CurationView:
    """Say what stands first for some queries, and what is left out. Known everywhere after a minute."""
    curating.put_curation(curation_id, body, staff)
    return curation_schemas.curation(curation_id)


@routes.delete("/admin/search/curations/{curation_id}", permission=Permission.CATALOG_WRITE)
def delete_curation(curation_id: str, staff: Staff) -> curation_schemas.CurationList:
    """Let search decide again what it shows. The answer are the curations that are left."""
    curating.delete_curation(curation_id, staff)
    return curation_schemas.curated()


@routes.post("/admin/imports", status=202, permission=Permission.CATALOG_WRITE)
def start_import(body: transfer_schemas.StartImport, once: Once, staff: Staff) -> transfer_schemas.ImportView:
    """Ask for an import. PUT the file to `upload_url`; the job begins when it has arrived."""
    job = imports.start(body.format, body.dry_run, once, staff)
    return transfer_schemas.import_job(job, imports.upload_url(job))


@routes.get("/admin/imports/{import_id}", permission=Permission.CATALOG_READ)
def show_import(import_id: str, query: Page) -> transfer_schemas.ImportView:
    """How far an import is, and a page of its report."""
    job = imports.find(import_id)
    lines, after = imports.report(import_id, query.limit, decode_cursor(query.cursor))
    return transfer_schemas.import_job(job, None, imports.unread_columns(import_id), lines, encode_cursor(after))


@routes.post("/admin/exports", status=202, permission=Permission.CATALOG_READ)
def start_export(body: transfer_schemas.StartExport, once: Once, staff: Staff) -> transfer_schemas.ExportView:
    """Ask for the catalogue as a file, or for an import's report."""
    job = exports.start(body.report_of, once, staff)
    return transfer_schemas.export_job(job, exports.download_url(job))


@routes.get("/admin/exports/{export_id}", permission=Permission.CATALOG_READ)
def show_export(export_id: str) -> transfer_schemas.ExportView:
    """How far an export is, and where its file can be fetched."""
    job = exports.find(export_id)
    return transfer_schemas.export_job(job, exports.download_url(job))


@routes.post("/admin/media", status=201, permission=Permission.CATALOG_WRITE)
def create_picture(body: media_schemas.NewPicture, once: Once, staff: Staff) -> media_schemas.PictureView:
    """Announce a picture. Send the file by `upload`; it is checked when it has arrived, and then shown at `url`."""
    return media_schemas.picture(media.start(body.content_type, body.size, body.filename, once, staff))


@routes.get("/admin/media/{media_id}", permission=Permission.CATALOG_READ)
def show_picture(media_id: str) -> media_schemas.PictureView:
    """Whether a picture has come and passed its check, and how large it is."""
    return media_schemas.picture(media.find(media_id))


@routes.get("/admin/reviews", permission=Permission.REVIEWS_READ)
def list_any_reviews(query: review_schemas.ListAnyReviews) -> review_schemas.StaffReviews:
    """Reviews that wait to be read, longest waiting first; or those that were rejected, or are a product's."""
    after = decode_cursor(query.cursor)
    if (query.status == "published") != (query.product_id is not None):
        raise invalid("/query/product_id", "Published reviews are listed by product, and no others are.")
    if query.product_id is not None:
        found, after = reviews.published(query.product_id, query.limit, after)
    elif query.status == "pending":
        found, after = reviews.pending(query.limit, after)
    else:
        found, after = reviews.rejected(query.limit, after)
    return review_schemas.StaffReviews([review_schemas.staff_review(item) for item in found], encode_cursor(after))


@routes.get("/admin/reviews/{review_id}", permission=Permission.REVIEWS_READ)
def show_any_review(review_id: str) -> review_schemas.StaffReviewView:
    """A review, published or not."""
    return review_schemas.staff_review(reviews.find(review_id))


@routes.post("/admin/reviews/{review_id}/approve", permission=Permission.REVIEWS_WRITE)
def approve_review(review_id: str, body: review_schemas.Approve, staff: Staff) -> review_schemas.StaffReviewView:
    """Let everybody read a review, and count its stars. Approving it again changes nothing."""
    return review_schemas.staff_review(reviews.approve(review_id, body.version, staff))


@routes.post("/admin/reviews/{review_id}/reject", permission=Permission.REVIEWS_WRITE)
def reject_review(review_id: str, body: review_schemas.Reject, staff: Staff) -> review_schemas.StaffReviewView:
    """Let nobody read a review, or take it down. Rejecting it again changes nothing."""
    return review_schemas.staff_review(reviews.reject(review_id, body.reason, body.version, staff))
