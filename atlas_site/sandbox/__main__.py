"""Runs the sandbox: ``python -m atlas_site.sandbox --port 8100 --home .atlas``."""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from atlas_site.sandbox.server import make_server

DEFAULT_PORT, DEFAULT_SIZE, DEFAULT_SEED = 8100, 10_000, 7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sandbox's arguments to a parser."""
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="port to listen on (default %(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--home", type=Path, default=Path(".atlas"), help="folder of state (default %(default)s)")
    parser.add_argument("--size", type=int, default=DEFAULT_SIZE, help="properties in the market (default %(default)s)")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="which market (default %(default)s)")


def run(*, host: str, port: int, home: Path, size: int, seed: int) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    server = make_server(home, host=host, port=port, seed=seed, size=size)
    # shutdown() waits for the loop that this very thread runs, so another thread must call it.
    stop = threading.Thread(target=server.shutdown, daemon=True)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: None if stop.ident else stop.start())
    sys.stdout.write(f"The vendor sandbox is ready at http://{host}:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)
    server.server_close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m atlas_site.sandbox", description=__doc__)
    add_arguments(parser)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    run(**vars(arguments))


if __name__ == "__main__":
    main()
