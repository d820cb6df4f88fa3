"""Counters for Prometheus, summed over all processes. Labels are names of endpoints, never paths or people."""

import os
import shutil
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"

REQUESTS = Counter("vestibule_requests", "Answered requests.", ("endpoint", "method", "status"))
DURATION = Histogram(
    "vestibule_request_seconds",
    "Time to an answer.",
    ("endpoint",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

ARRIVALS = Counter("vestibule_gateway_arrivals", "Redirects that gateways sent, by what they said.", ("kind", "outcome"))


def arrived(kind: str, outcome: str) -> None:
    """Count one redirect: `blocked`, `online`, `refused_timeout`, … or why it was not believed."""
    ARRIVALS.labels(kind, outcome).inc()


def answered(endpoint: str, method: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    REQUESTS.labels(endpoint, method, str(status)).inc()
    DURATION.labels(endpoint).observe(seconds)


def exposition() -> bytes:
    """Everything counted, in the text format; over all processes when they share a folder."""
    if FOLDER_VARIABLE not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def fresh_folder(data_dir: Path) -> Path:
    """An empty folder for the counters of processes about to start."""
    folder = (data_dir / "metrics").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder
