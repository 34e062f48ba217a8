import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import WHERE, avif, gif, jpeg, png, webp

from chalicelib.catalog.media.images import AVIF, GIF, JPEG, LONGEST_SIDE, PNG, WEBP, Unusable, look
from chalicelib.catalog.media.traces import without_traces

KINDS = {JPEG: jpeg, PNG: png, WEBP: webp, GIF: gif, AVIF: avif}
each_kind = pytest.mark.parametrize(("kind", "make"), KINDS.items())
each_photo = pytest.mark.parametrize(("kind", "make"), [(kind, KINDS[kind]) for kind in (JPEG, PNG, WEBP)])


@each_kind
def test_a_picture_is_known_by_its_bytes(kind, make):
    found = look(make(640, 480))
    assert (found.content_type, found.width, found.height) == (kind, 640, 480)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF8",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><svg width="4" height="3"/>',
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"BM" + bytes(60),
        b"II*\0" + bytes(60),
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"P6 4 3 255 ",
    ],
    ids=["nothing", "half a name", "svg", "xml", "html", "pdf", "bmp", "tiff", "sound", "heic", "netpbm"],
)
def test_nothing_else_is_a_picture(data):
    with pytest.raises(Unusable, match="no JPEG"):
        look(data)


@each_kind
@pytest.mark.parametrize(("width", "height"), [(LONGEST_SIDE + 1, 1), (8000, 8000)])
def test_a_picture_that_would_fill_the_memory_is_refused(kind, make, width, height):
    with pytest.raises(Unusable, match=f"{width} x {height}"):
        look(make(width, height))


@each_kind
def test_a_picture_that_is_cut_off_before_its_size_is_refused(kind, make):
    with pytest.raises(Unusable):
        look(make()[:9])


@pytest.mark.parametrize("make", [jpeg, png, gif])
def test_no_picture_is_without_size(make):
    with pytest.raises(Unusable, match="broken"):
        look(make(0, 3))


def test_a_photo_is_as_wide_as_it_is_shown():
    turned = look(jpeg(640, 480, orientation=6))
    assert (turned.width, turned.height, turned.orientation) == (480, 640, 6)


@each_kind
@given(data=st.data())
def test_whatever_arrives_is_a_picture_or_refused(kind, make, data):
    """Bytes of a picture changed and cut anywhere."""
    whole = bytearray(make(16, 9))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=8)):
        whole[place] = data.draw(st.integers(0, 255))
    broken = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        found = look(broken)
        assert 0 < found.width <= LONGEST_SIDE
        if found.content_type in (JPEG, PNG, WEBP):
            without_traces(broken, found.content_type, found.orientation)
    except Unusable:
        pass


@each_photo
def test_a_photo_does_not_tell_where_it_was_taken(kind, make):
    photo = make(640, 480, text=WHERE)
    bare = without_traces(photo, kind)
    assert WHERE in photo
    assert WHERE not in bare
    assert bare == make(640, 480)
    assert without_traces(bare, kind) == bare


def test_a_photo_stays_turned_when_it_forgets_the_rest():
    photo = jpeg(640, 480, orientation=6, text=WHERE, film=b"ftypmp42" + WHERE)
    bare = without_traces(photo, JPEG, look(photo).orientation)
    assert WHERE not in bare
    assert look(bare) == look(photo)
    assert b"ICC_PROFILE" in bare


@each_photo
def test_a_photo_that_ends_too_early_is_refused(kind, make):
    photo = make(640, 480)
    with pytest.raises(Unusable, match="too early"):
        without_traces(photo[:-5], kind)
