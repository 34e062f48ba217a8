"""python -m infra.local.demo [FILE.csv]: play one guest and one member of staff against the running shop.

Through HTTP only. Stops with an error at the first thing that is not as it should be.
"""

import json
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from infra.local.client import Refused, TookTooLong
from infra.local.demo.cards import CardPlay
from infra.local.demo.finding import FindingPlay
from infra.local.demo.play import Play, Unexpected
from infra.local.places import from_environment

SHIPPED = Path(__file__).with_name("shopify-demo.csv")


def main(file: Path) -> None:
    places = from_environment()
    if not places.stack_json.exists():
        raise SystemExit("demo: no shop is running here; start one with: make run (or make up)")
    started = time.monotonic()
    try:
        perform(json.loads(places.stack_json.read_text()), file)
    except (Unexpected, Refused, TookTooLong, OSError) as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise SystemExit(f"demo FAILED: {error} ({Path(at.filename).name}:{at.lineno})") from None
    print(f"demo: all as it should be, in {time.monotonic() - started:.1f} s")


def perform(stack: dict[str, Any], file: Path) -> None:
    """All acts. Those with cards need localstripe: Stripe itself takes cards from its own pages only."""
    play = Play(stack)
    product, sku = play.play(file)
    FindingPlay(play).narrow_down(product)
    if stack["stripe"]["api"].startswith("http://127.0.0.1:"):
        CardPlay(play).perform(sku)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]) if len(sys.argv) == 2 else SHIPPED)
