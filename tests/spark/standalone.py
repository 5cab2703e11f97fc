"""A master and its workers on loopback, as processes of their own that end with the test."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import define

_HOST = "127.0.0.1"
_PATIENCE = 240.0  # seconds that a busy machine may take


@define
class Standalone:
    """A running cluster: the URL of its master, and the processes of its workers."""

    url: str
    workers: list[subprocess.Popen[bytes]]

    def lose_workers(self) -> None:
        """Kill all workers with their executors."""
        for worker in self.workers:
            _end(worker)


@contextmanager
def standalone(folder: Path, workers: int = 2, *, pinned: bool = False) -> Iterator[Standalone]:
    """A master with workers of one core each; `folder` takes their logs.

    A worker that is `pinned` has a core of its own, which all its threads share, as on a machine of one core.
    """
    port, page = _free_port(), _free_port()
    url = f"spark://{_HOST}:{port}"
    started = []
    try:
        master = ["master.Master", "--host", _HOST, "--port", str(port), "--webui-port", str(page)]
        started.append(_start(master, folder / "master.log"))
        _wait(lambda: _alive(page) is not None, "the master")
        for number in range(workers):
            at = folder / f"worker{number}"
            at.mkdir()
            worker = ["worker.Worker", "--host", _HOST, "--webui-port", str(_free_port()), "--cores", "1"]
            worker += ["--memory", "1g", "--work-dir", str(at), url]
            started.append(_start(worker, folder / f"worker{number}.log"))
            if pinned:
                os.sched_setaffinity(started[-1].pid, {sorted(os.sched_getaffinity(0))[number]})
        _wait(lambda: _alive(page) == workers, f"{workers} workers")
        yield Standalone(url, started[1:])
    finally:
        for process in reversed(started):
            _end(process)


@contextmanager
def connect_server(folder: Path, master: str) -> Iterator[str]:
    """A server of Spark Connect on loopback; gives its URL."""
    port = _free_port()
    own = "spark.connect.grpc.binding"
    options = ["--conf", f"{own}.address={_HOST}", "--conf", f"{own}.port={port}", "--conf", "spark.ui.enabled=false"]
    server = "org.apache.spark.sql.connect.service.SparkConnectServer"
    options += ["--master", master, "--class", server, "spark-internal"]
    process = _run(["org.apache.spark.deploy.SparkSubmit", *options], folder / "connect.log")
    try:
        _wait(lambda: _listens(port), "Spark Connect")
        yield f"sc://{_HOST}:{port}"
    finally:
        _end(process)


def _start(what: list[str], log: Path) -> subprocess.Popen[bytes]:
    return _run([f"org.apache.spark.deploy.{what[0]}", *what[1:]], log)


def _run(what: list[str], log: Path) -> subprocess.Popen[bytes]:
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": _HOST, "SPARK_DAEMON_MEMORY": "768m"}
    with log.open("wb") as out:
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), *what],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it has started, each group by its own number."""
    if process.poll() is None:
        os.killpg(process.pid, 9)
        process.wait()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((_HOST, 0))
        port: int = taken.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((_HOST, port)) == 0


def _alive(page: int) -> int | None:
    """How many workers the master counts; None while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{_HOST}:{page}/json/", timeout=5) as answer:
            return int(json.load(answer)["aliveworkers"])
    except (OSError, ValueError, KeyError):
        return None


def _wait(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _PATIENCE
    while not there():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come up")
        time.sleep(0.3)
