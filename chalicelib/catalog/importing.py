"""A product file becomes products: some read ahead and looked up at once, each saved with its line of the report."""

from collections.abc import Callable, Iterator

import msgspec

from chalicelib.catalog import dialects, products, storage, tables
from chalicelib.catalog.product import ProductDraft
from chalicelib.catalog.products import Known
from chalicelib.catalog.reading import Place, Problem, Read, Shop
from chalicelib.catalog.tables import ImportForm, ImportJob, ImportLine
from chalicelib.core import dynamo
from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings

_AHEAD = 25  # products that are looked up together
_MOST_VARIANTS_AHEAD = 250
_MOST_PROBLEMS = 100
_COUNTERS = {
    "created": ImportJob.created,
    "updated": ImportJob.updated,
    "unchanged": ImportJob.unchanged,
    "failed": ImportJob.failed,
}


class _Next(msgspec.Struct, frozen=True):
    """A product that was read, and where the file goes on behind it."""

    read: Read
    after: Place


def work(job: ImportJob, key: str, out_of_time: Callable[[], bool]) -> bool:
    """Import the file at `key` from where the job stands; False if time ran out before its end.

    ShopError if it is no product file, or not the one that the job began with.
    """
    known = dynamo.get(ImportForm, **tables.import_form_key(job.id))
    if known is None:
        known = _recognised(job, key)
    place = job.place or known.form.first
    chunks = storage.read(key, known.etag, place.start)
    shop = Shop(settings.currency)
    reads = (
        _Next(dialects.read(unit, known.form, shop), unit.after) for unit in dialects.units(chunks, known.form, place)
    )
    for batch in _batched(reads):
        drafts = [each.read.draft for each in batch if each.read.draft]
        looked_up, marks = products.look_up(drafts), _marks(job, batch)
        for each in batch:
            if out_of_time():
                return False
            _import(job, each, looked_up, each.read.handle in marks)
            marks.add(each.read.handle)
    return True


def _recognised(job: ImportJob, key: str) -> ImportForm:
    """Look at the beginning of the file and note what it is."""
    sample, etag = storage.beginning(key, dialects.SAMPLE)
    form = dialects.recognise(sample)
    found = ImportForm(**tables.import_form_key(job.id), form=form, etag=etag)
    dynamo.transaction([dynamo.put(found), dynamo.update(job, [ImportJob.dialect.set(form.dialect)])])
    return found


def _batched(reads: Iterator[_Next]) -> Iterator[list[_Next]]:
    batch: list[_Next] = []
    variants = 0
    for each in reads:
        batch.append(each)
        variants += len(each.read.draft.variants) if each.read.draft else 0
        if len(batch) == _AHEAD or variants >= _MOST_VARIANTS_AHEAD:
            yield batch
            batch, variants = [], 0
    if batch:
        yield batch


def _marks(job: ImportJob, batch: list[_Next]) -> set[str]:
    """The handles of `batch` that stand further up in the file."""
    keys = {each.read.handle: tables.import_mark_ref(job.id, each.read.handle) for each in batch if each.read.handle}
    found = dynamo.load(keys.values(), consistent=True)
    return {handle for handle, key in keys.items() if key in found}


def _import(job: ImportJob, each: _Next, known: Known, repeated: bool) -> None:
    """Save a product, or report why it can not be: in one transaction with the job's step over it."""
    read = each.read
    problems = list(read.problems)
    if repeated and read.handle:
        detail = "This handle stands further up in the file. Rows of a product must follow each other."
        problems.append(Problem(read.line, detail))
    elif read.draft is not None:
        try:
            _save(job, each, read.draft, known)
            return
        except ShopError as error:
            if error.status >= 500:
                raise
            problems.append(Problem(read.line, error.detail, error.pointer))
    mark = not repeated
    dynamo.transaction(_reported(job, each, "failed", problems, mark))


def _save(job: ImportJob, each: _Next, draft: ProductDraft, known: Known) -> None:
    def report(saved: products.Saved) -> list[dynamo.Action]:
        return _reported(job, each, saved.outcome, list(each.read.problems))

    try:
        _check_whole(each.read, draft, known)
        products.save(draft, report, known=known)
    except ShopError as error:
        if error.status >= 500:
            raise
        # What was known of it is as old as the batch: a SKU may have moved with a product before this one.
        known = products.look_up([draft])
        _check_whole(each.read, draft, known)
        products.save(draft, report, known=known)


def _check_whole(read: Read, draft: ProductDraft, known: Known) -> None:
    """409 if a product would lose variants that are sold only because their rows could not be read."""
    old = known.owner(draft.handle)
    lost = set(old.skus) - {variant.sku for variant in draft.variants} if old and read.partial else set()
    if lost:
        detail = f"Rows were left out, and without them {', '.join(sorted(lost)[:5])} would go: it stays as it is."
        raise ShopError("incomplete", 409, detail)


def _reported(
    job: ImportJob, each: _Next, outcome: str, problems: list[Problem], mark: bool = True
) -> list[dynamo.Action]:
    """Write actions for a line of the report, the job's step over it and that its handle has come."""
    read = each.read
    entry = ImportLine(
        **tables.import_line_key(job.id, read.line),
        line=read.line,
        product_handle=read.handle,
        outcome=outcome,
        problems=[msgspec.structs.asdict(problem) for problem in _limited(problems)],
    )
    counted = _COUNTERS[outcome]
    changes = [counted.set((counted | 0) + 1), ImportJob.place.set(each.after)]
    actions = [dynamo.insert(entry), dynamo.update(job, changes)]
    if read.handle and mark:
        actions.append(dynamo.insert(tables.import_mark(job.id, read.handle)))
    return actions


def _limited(problems: list[Problem]) -> list[Problem]:
    if len(problems) <= _MOST_PROBLEMS:
        return problems
    rest = Problem(problems[_MOST_PROBLEMS].line, f"{len(problems) - _MOST_PROBLEMS} more problems from here on.")
    return [*problems[:_MOST_PROBLEMS], rest]
