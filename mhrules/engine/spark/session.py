"""A Spark session that is held to exactness, and every way in which Spark can fail, as a finding."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from mhrules.diagnostics.model import DiagnosticError
from mhrules.diagnostics.registry import finding
from mhrules.engine.sql.faults import TooLarge
from mhrules.engine.sql.spark import SparkSQL

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.ansi.enforceReservedKeywords": "false",
    "spark.sql.caseSensitive": "false",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
    "spark.sql.legacy.consecutiveStringLiterals.enabled": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.storeAssignmentPolicy": "ANSI",
}
"""What the engine's text rests on; set in a session of our own, and looked at afterwards."""
_START = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.log.level": "OFF"}
_ALONE_HERE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
_PROBE = (
    "SELECT half_even_div(25, -10), half_up_div(25, -10), down_div(-29, 10), up_div(21, 10), quotient(24290, 12), "
    "month_day(24290) = DATE '2024-03-01', days_between(DATE '2024-02-01', DATE '2024-03-01'), 'it''s', "
    "\"a\" || '\\\\', typeof(coalesce(1, '1')) FROM (SELECT 'b' AS \"a\")"
)
_ANSWER = (-2, -3, -2, 3, 2024, True, 29, "it's", "b\\", "bigint")
"""The last tells of ANSI mode: without it, a number beside a text is a text."""
_ANSWERS_WITHIN = 5.0  # seconds for a master to take a connection
_ALONE = 45.0  # seconds that work waits for a worker
_OVERFLOW = ("NUMERIC_VALUE_OUT_OF_RANGE", "ARITHMETIC_OVERFLOW", "CAST_OVERFLOW", "BINARY_ARITHMETIC_OVERFLOW")


class Cluster:
    """A session of our own on a master, with the engine's functions; closed, it leaves nothing behind."""

    def __init__(self, master: str) -> None:
        """Start or join Spark.

        `master` is `local[2]`, `spark://HOST:PORT`, another master that Spark knows, or `sc://HOST:PORT` of Connect.

        Raises:
            DiagnosticError: pyspark is not installed (MH660), there is no Java (MH661), the master does not answer
                (MH662), or its sessions do not work out exact numbers (MH663).
        """
        if find_spec("pyspark") is None:
            _refuse("MH660", "the Spark engine needs the package `pyspark`", "install `mhrules[spark]`")
        self.master = master
        self.connect = master.startswith("sc://")
        _reach(master)
        self._owned: SparkSession | None = None  # what is stopped at the end
        self._lost = False
        self.session = self._joined() if self.connect else self._started()
        with self.work("the session is made ready"):
            self._prepare()

    # ------------------------------------------------------------------------------------------ starting

    def _joined(self) -> SparkSession:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        try:
            session = SparkSession.builder.remote(self.master).create()
            session.sql("SELECT 1").collect()
        except (PySparkException, OSError, ImportError) as error:
            _refuse("MH662", f"Spark Connect at `{self.master}` gives no session", "start the server", error)
        except Exception as error:  # what gRPC raises has no common type
            if not type(error).__module__.startswith("grpc"):
                raise
            _refuse("MH662", f"Spark Connect at `{self.master}` gives no session", "start the server", error)
        self._owned = session
        return session

    def _started(self) -> SparkSession:
        from py4j.protocol import Py4JError
        from pyspark import SparkContext
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession

        there = SparkContext._active_spark_context is not None
        builder = SparkSession.builder.appName("mhrules")
        if not there:
            builder = builder.master(self.master)
            alone = _ALONE_HERE if self.master.startswith("local") else {}
            for name, value in {**_START, **_SETTINGS, **alone}.items():
                builder = builder.config(name, value)
        try:
            session = builder.getOrCreate()
        except PySparkException as error:
            if "JAVA" not in str(error):
                _refuse("MH662", f"Spark does not start with master `{self.master}`", "look at Spark's log", error)
            _refuse("MH661", "Spark does not start: it needs Java 17 or later", "install Java, or set JAVA_HOME", error)
        except (Py4JError, OSError, ValueError) as error:
            _refuse("MH662", f"Spark does not start with master `{self.master}`", "look at Spark's log", error)
        if not there:
            self._owned = session
        return session.newSession()

    def _prepare(self) -> None:
        """Set and look at what exactness rests on, and define the functions."""
        session = self.session
        for name, value in _SETTINGS.items():
            session.conf.set(name, value)
        if not self.connect and session.sparkContext.getConf().get("spark.sql.shuffle.partitions") is None:
            session.conf.set("spark.sql.shuffle.partitions", str(3 * session.sparkContext.defaultParallelism))
        for statement in SparkSQL().setup():
            session.sql(statement)
        unlike = [name for name, value in _SETTINGS.items() if str(session.conf.get(name)).lower() != value.lower()]
        answer = None if unlike else tuple(session.sql(_PROBE).collect()[0])
        if unlike or answer != _ANSWER:
            why = f"`{unlike[0]}` cannot be set" if unlike else "it answers otherwise than Spark 4.3 in ANSI mode"
            _refuse(
                "MH663", f"Spark at `{self.master}` does not work out exact numbers: {why}", "use Spark 4.3 or later"
            )

    # ------------------------------------------------------------------------------------------- working

    def sql(self, text: str) -> DataFrame:
        """What a statement of the engine means."""
        return self.session.sql(SparkSQL().rendered(text))

    @contextlib.contextmanager
    def work(self, what: str) -> Iterator[None]:
        """While Spark works: what it raises becomes a finding, and work that no worker does is given up.

        Raises:
            TooLarge: a number does not fit.
            DiagnosticError: anything else has failed (MH664).
        """
        ended = threading.Event()
        watch = threading.Thread(target=self._watch, args=(ended,), daemon=True)
        if self.master.startswith("spark://"):
            watch.start()
        try:
            yield
        except DiagnosticError:
            raise
        except Exception as error:
            if not type(error).__module__.startswith(("pyspark", "py4j", "grpc")):
                raise
            if any(word in str(error) for word in _OVERFLOW):
                raise TooLarge(_first_line(error)) from error
            lost = f"no worker of `{self.master}` is left" if self._lost else f"Spark at `{self.master}` has failed"
            _refuse(
                "MH664", f"{lost} while {what}", "look at the log of the master and its workers; then run again", error
            )
        finally:
            ended.set()

    def _watch(self, ended: threading.Event) -> None:
        """Cancel all work once no executor has been there for a while: Spark itself would wait for ever."""
        context: Any = self.session.sparkContext
        alone_since: float | None = None
        while not ended.wait(1.0):
            try:
                alone = context._jsc.sc().getExecutorMemoryStatus().size() <= 1  # the driver counts as one
            except Exception:
                return
            if not alone:
                alone_since = None
            elif alone_since is None:
                alone_since = time.monotonic()
            elif time.monotonic() - alone_since > _ALONE:
                self._lost = True
                context.cancelAllJobs()

    def close(self) -> None:
        """Let go of the session, and of Spark if it was started here."""
        if self._owned is not None:
            with contextlib.suppress(Exception):
                self._owned.stop()
            self._owned = None


def _reach(master: str) -> None:
    """Refuse a master that takes no connection."""
    if not master.startswith(("spark://", "sc://")):
        return
    scheme = "spark" if master.startswith("spark://") else "sc"
    refused = ""
    for place in master.removeprefix(f"{scheme}://").split("/")[0].split(","):
        try:
            host, port = urlsplit(f"//{place}").hostname, urlsplit(f"//{place}").port
            with socket.create_connection((host or "", port or {"spark": 7077, "sc": 15002}[scheme]), _ANSWERS_WITHIN):
                return
        except (OSError, ValueError) as error:
            refused = str(error)
    _refuse("MH662", f"nothing answers at `{master}`", "start the master, or correct its address", ValueError(refused))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _refuse(code: str, message: str, help: str, error: Exception | None = None) -> NoReturn:
    notes = () if error is None else (_first_line(error)[:300],)
    raise DiagnosticError([finding(code, message, notes=notes, help=help)]) from error
