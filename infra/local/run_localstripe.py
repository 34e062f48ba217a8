"""localstripe on 127.0.0.1, with its payments in a file of ours: `python -I run_localstripe.py PORT FILE`.

Its own command listens on every interface and keeps its payments in /tmp. It runs as a program of its own, in the
emulators' virtual environment; nothing of the shop imports it.
"""

import logging
import pickle
import sys
from pathlib import Path

from aiohttp import web
from localstripe import resources, server

port, kept = int(sys.argv[1]), Path(sys.argv[2])


def dump_to_disk(store: object) -> None:
    half = kept.with_suffix(".half")
    half.write_bytes(pickle.dumps(store))
    half.replace(kept)


resources.Store.dump_to_disk = dump_to_disk
if kept.exists():
    resources.store.update(pickle.loads(kept.read_bytes()))  # noqa: S301 - it wrote the file itself
logging.basicConfig(level=logging.INFO)
web.run_app(server.app, host="127.0.0.1", port=port, shutdown_timeout=1)
