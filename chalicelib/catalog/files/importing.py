"""A product file becomes products: some read ahead and looked up at once, each saved with its line of the report."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from chalicelib.catalog import products, storage
from chalicelib.catalog.files import definitions, dialects, encodings, linking, reports
from chalicelib.catalog.files import transfer_tables as transfers
from chalicelib.catalog.files.dialects import Dialect, Unit
from chalicelib.catalog.files.reading import Definition, Form, Numbered, Place, Problem, Read, Shop
from chalicelib.catalog.files.reports import Next
from chalicelib.catalog.files.transfer_tables import ImportForm, ImportJob, ImportMark
from chalicelib.catalog.pricing import prices
from chalicelib.catalog.product import ProductDraft
from chalicelib.catalog.products import Known, Saved
from chalicelib.catalog.sorting import attributes, categories
from chalicelib.core import clock, dynamo
from chalicelib.core.errors import ShopError
from chalicelib.core.settings import settings
from chalicelib.core.staff import Staff

_AHEAD = 25  # groups of rows that are looked up together
_MOST_VARIANTS_AHEAD = 250
_MOST_UNREAD = 200
_CHUNKS_UNASKED = 16  # pieces of the file in which no product ended, until the clock is asked


class _OutOfTime(Exception):
    """The function has to end before a product has."""


class _Work:
    """One run over a file: what it is, and how far it came."""

    def __init__(self, job: ImportJob, key: str, found: ImportForm, out_of_time: Callable[[], bool]) -> None:
        self.job = job
        self.form: Form = found.form
        self.dialect: Dialect = dialects.dialect_of(found.form)
        self.place: Place = job.place or found.form.first
        self.out_of_time = out_of_time
        self._key = key
        self._found = found
        self._dull = {column for column in self.form.header if self.dialect.reads(column)} | set(found.unread)

    def units(self) -> Iterator[Unit]:
        """The groups of rows from this place on. What lies below layers has no places of its own in the file."""
        layers = self.form.layers
        chunks = storage.read(self._key, self._found.etag, 0 if layers else self.place.start)
        pieces = encodings.opened(self._hurried(chunks), layers)
        return dialects.units(encodings.behind(pieces, self.place.start) if layers else pieces, self.form, self.place)

    def _hurried(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for number, chunk in enumerate(chunks, 1):
            if number % _CHUNKS_UNASKED == 0 and self.out_of_time():
                raise _OutOfTime
            yield chunk

    def look(self, rows: Iterable[Numbered]) -> None:
        """Note the columns that hold something and that nothing reads."""
        fresh = {column for row in rows for column in row.row.keys() - self._dull if (row.row[column] or "").strip()}
        unread = [column for column in sorted(fresh) if not self.dialect.reads(column)]
        self._dull |= fresh
        room = _MOST_UNREAD - len(self._found.unread)
        if unread and room > 0:
            self._found.unread = [*self._found.unread, *(column[:100] for column in unread[:room])]
            form = ImportForm(**transfers.import_form_key(self.job.id))
            dynamo.write(dynamo.update(form, [ImportForm.unread.set(self._found.unread)]))


def work(job: ImportJob, key: str, out_of_time: Callable[[], bool]) -> Place | None:
    """Import the file at `key` from where the job stands; the place at which time ran out, None at its end.

    ShopError if it is no product file, or not the one that the job began with.
    """
    found = dynamo.get(ImportForm, **transfers.import_form_key(job.id)) or _recognised(job, key)
    this = _Work(job, key, found, out_of_time)
    try:
        if this.place.linking:
            if not _link(this):
                return this.place
            this.place = msgspec.structs.replace(this.form.first, linking=False)
            dynamo.write(dynamo.update(job, [ImportJob.place.set(this.place)]))
        return None if _save_all(this) else this.place
    except _OutOfTime:
        return this.place


def _recognised(job: ImportJob, key: str) -> ImportForm:
    """Look at the beginning of the file and note what it is."""
    sample, complete, etag = storage.beginning(key, dialects.SAMPLE)
    form = dialects.recognise(sample, complete)
    if job.wanted not in (None, form.dialect):
        detail = f"This is a file in the format {form.dialect}, not {job.wanted}."
        raise ShopError("unknown_format", 422, detail)
    found = ImportForm(**transfers.import_form_key(job.id), form=form, etag=etag)
    dynamo.transaction([dynamo.put(found), dynamo.update(job, [ImportJob.dialect.set(form.dialect)])])
    return found


def _link(this: _Work) -> bool:
    """Read the whole file for what links its rows. False if time ran out."""
    for batch in _batched(this.units(), lambda unit: len(unit.rows)):
        if this.out_of_time():
            return False
        this.look(row for unit in batch for row in unit.rows)
        linking.note(this.job.id, this.dialect, batch)
        this.place = batch[-1].after
    return True


def _save_all(this: _Work) -> bool:
    """Read the products and save them. False if time ran out."""
    shop = Shop(settings.currency, clock.now(), {each.id: each.currency for each in prices.kept_lists()})
    for units in _batched(this.units(), lambda unit: len(unit.rows)):
        this.look(row for unit in units for row in unit.rows)
        whole = linking.whole(this.job.id, this.dialect, units)
        reads = (Next(this.dialect.read(unit.rows, shop), unit.after) for unit in whole)
        for batch in _batched(reads, _variants):
            if not _save_batch(this, batch):
                return False
        this.place = units[-1].after
    return True


def _save_batch(this: _Work, batch: list[Next]) -> bool:
    marks = _marks(this.job, batch)
    named = [_named(each, marks) for each in batch]
    known = products.look_up([each.read.draft for each in named if each.read.draft])
    for each in named:
        if this.out_of_time():
            return False
        _import(this.job, each, known, marks.get(each.read.handle, each.read.line) != each.read.line)
        this.place = each.after
    return True


def _batched(items: Iterator[Any], size: Callable[[Any], int]) -> Iterator[list[Any]]:
    batch: list[Any] = []
    total = 0
    for item in items:
        batch.append(item)
        total += size(item)
        if len(batch) == _AHEAD or total >= _MOST_VARIANTS_AHEAD:
            yield batch
            batch, total = [], 0
    if batch:
        yield batch


def _variants(each: Next) -> int:
    return len(each.read.draft.variants) if each.read.draft else 0


def _marks(job: ImportJob, batch: list[Next]) -> dict[str, int]:
    """On which line further up in the file the handles that `batch` might have stand, as far as they do."""
    handles = {handle for each in batch for handle in (each.read.handle, each.read.otherwise) if handle}
    keys = {
        handle: transfers.import_note_ref(ImportMark, job.id, reports.handle_key(handle), "MARK") for handle in handles
    }
    found = dynamo.load(keys.values(), consistent=True)
    return {handle: int(item.line) for handle, key in keys.items() if isinstance(item := found.get(key), ImportMark)}


def _named(each: Next, marks: dict[str, int]) -> Next:
    """What was read, under another handle if its own was made of its title and is another one's; notes its handle."""
    read = each.read
    if read.derived and read.draft and read.otherwise and marks.get(read.handle, read.line) != read.line:
        draft = msgspec.structs.replace(read.draft, handle=read.otherwise)
        read = msgspec.structs.replace(read, handle=read.otherwise, draft=draft)
    marks.setdefault(read.handle, read.line)
    return msgspec.structs.replace(each, read=read)


def _import(job: ImportJob, each: Next, known: Known, repeated: bool) -> None:
    """Save a product, or report why it can not be: in one transaction with the job's step over it."""
    read = each.read
    problems = list(read.problems)
    outcome = "skipped" if read.skipped else "failed"
    if repeated and read.handle:
        detail = "This handle stands further up in the file. Rows of a product must follow each other."
        problems.append(Problem(read.line, detail))
    elif read.draft or read.definition:
        try:
            if read.draft:
                _save(job, each, read.draft, known)
            elif read.definition:
                _define(job, each, read.definition)
            return
        except ShopError as error:
            if error.status >= 500:
                raise
            problems.append(Problem(read.line, error.detail, error.pointer))
    dynamo.transaction(reports.reported(job, each, outcome, problems, mark=not repeated))


def _save(job: ImportJob, each: Next, draft: ProductDraft, known: Known) -> None:
    save = _try if job.dry_run else _keep
    draft, known = _as_it_is_called(each.read, draft, known)
    try:
        save(job, each, draft, known)
    except ShopError as error:
        if error.status >= 500:
            raise
        # What was known of it is as old as the batch: a SKU may have moved with a product before this one.
        save(job, each, draft, products.look_up([draft]))


def _define(job: ImportJob, each: Next, wanted: Definition) -> None:
    """Save what products refer to, in the name of who started the import."""
    by = Staff(str(job.started_by), frozenset())
    outcome = definitions.foresee(wanted) if job.dry_run else definitions.save(wanted, by)
    dynamo.transaction(reports.reported(job, each, outcome, each.read.problems))


def _as_it_is_called(read: Read, draft: ProductDraft, known: Known) -> tuple[ProductDraft, Known]:
    """A product whose handle was made of its title keeps the one under which its SKUs are known."""
    if not read.derived:
        return draft, known
    handles = {str(found.handle) for variant in draft.variants if (found := known.variants.get(variant.sku))}
    if len(handles) != 1 or draft.handle in handles:
        return draft, known
    draft = msgspec.structs.replace(draft, handle=handles.pop())
    return draft, products.look_up([draft])


def _keep(job: ImportJob, each: Next, draft: ProductDraft, known: Known) -> None:
    def report(saved: Saved) -> list[dynamo.Action]:
        return reports.reported(job, each, saved.outcome, each.read.problems)

    _check_whole(each.read, draft, known)
    categories.ensure_path(each.read.categories)
    attributes.define(each.read.attributes.items())
    products.save(draft, report, known=known)


def _try(job: ImportJob, each: Next, draft: ProductDraft, known: Known) -> None:
    """Report what would become of a product if it was saved after those further up in the file."""
    _check_whole(each.read, draft, known)
    saved = products.foresee(draft, known)
    line = each.read.line
    marks = [
        transfers.import_note(ImportMark, job.id, f"sku#{variant.sku}", "MARK", line=line) for variant in draft.variants
    ]
    found = dynamo.load([(ImportMark, mark.pk, mark.sk) for mark in marks], consistent=True)
    for position, mark in enumerate(marks):
        other = found.get((ImportMark, mark.pk, mark.sk))
        if isinstance(other, ImportMark) and int(other.line) != line:
            detail = f"The SKU {draft.variants[position].sku!r} is that of line {int(other.line)}."
            raise ShopError("sku_taken", 409, detail, pointer=f"/variants/{position}/sku")
    dynamo.put_all(marks)
    dynamo.transaction(reports.reported(job, each, saved.outcome, each.read.problems))


def _check_whole(read: Read, draft: ProductDraft, known: Known) -> None:
    """409 if a product would lose variants that are sold only because their rows could not be read."""
    old = known.owner(draft.handle)
    lost = set(old.skus) - {variant.sku for variant in draft.variants} if old and read.partial else set()
    if lost:
        detail = f"Rows were left out, and without them {', '.join(sorted(lost)[:5])} would go: it stays as it is."
        raise ShopError("incomplete", 409, detail)
