"""What staff and files write with HTML in it, without what should not be shown to others."""

from typing import Any, TypeVar

import msgspec

D = TypeVar("D", bound=msgspec.Struct)


def cleaned(draft: D) -> D:
    """A draft with a `description` and `translations` of which each has one, its HTML sanitised."""
    import nh3  # a native library, and only who writes needs it

    words: Any = draft
    return msgspec.structs.replace(
        draft,
        description=nh3.clean(words.description),
        translations={
            tag: msgspec.structs.replace(translation, description=nh3.clean(translation.description))
            for tag, translation in words.translations.items()
        },
    )
