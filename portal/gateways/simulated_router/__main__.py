"""`python -m portal.gateways.simulated_router`: the pretend router by itself. Secrets come from the environment."""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from portal.core import logging
from portal.gateways.simulated_router.nas import Hooks
from portal.gateways.simulated_router.router import Router
from portal.gateways.simulated_router.server import RouterServer


def main(arguments: list[str]) -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="simulated_router", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--portal-url", required=True)
    parser.add_argument("--hooks-url", required=True)
    parser.add_argument("--venue", required=True, help="the venue's code")
    parser.add_argument("--spool", type=Path, required=True, help="folder where accounting is written down")
    parser.add_argument("--nas", required=True, help="our name as a RADIUS client")
    parser.add_argument("--secret-env", default="SIMULATOR_GATEWAY_SECRET", help="variable with the gateway's secret")
    parser.add_argument("--hook-secret-env", default="VESTIBULE_RADIUS_HOOK_SECRET", help="variable with the hooks' secret")
    asked = parser.parse_args(arguments)
    missing = [name for name in (asked.secret_env, asked.hook_secret_env) if not os.environ.get(name)]
    if missing:
        parser.error(f"set {' and '.join(missing)} in the environment")
    logging.configure("WARNING")
    hooks = Hooks(asked.hooks_url.rstrip("/"), os.environ[asked.hook_secret_env], asked.nas, asked.spool)
    router = Router(asked.portal_url.rstrip("/"), asked.venue, os.environ[asked.secret_env], hooks, time.time)
    server = RouterServer(router, asked.host, asked.port)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    server.run()


if __name__ == "__main__":
    main(sys.argv[1:])
