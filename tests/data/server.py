"""A PostgreSQL server of the tests' own, on loopback, with its data in a folder that is removed with it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from attrs import frozen

BOSS = "boss"
PASSWORD = "not to be seen"
_PATIENCE = 60  # seconds until the server must answer


@frozen
class Postgres:
    """A server that runs: its port on 127.0.0.1, and the process."""

    port: int
    process: subprocess.Popen[bytes]

    def address(self, user: str = BOSS, database: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str) -> None:
        """Run statements as the server's owner."""
        with self.connect() as connection:
            for statement in statements:
                with connection.cursor() as cursor:
                    cursor.execute(statement)
            connection.commit()

    def connect(self) -> Any:
        import adbc_driver_postgresql.dbapi as driver

        return driver.connect(self.address().replace("@", f":{PASSWORD.replace(' ', '%20')}@"))


def why_not() -> str:
    """Why no server can be started here, or nothing."""
    if find_spec("adbc_driver_postgresql") is None:
        return "the packages of mhrules[postgresql] are not installed"
    if _program("initdb") is None or _program("postgres") is None:
        return "there is no PostgreSQL server on this machine"
    if _is_root() and shutil.which("setpriv") is None:
        return "PostgreSQL does not run as root, and there is no setpriv"
    return ""


@contextmanager
def started() -> Iterator[Postgres]:
    """A server that runs until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="mhrules-test-postgresql-"))
    try:
        password = folder / "password"
        password.write_text(PASSWORD)
        user: list[str] = []
        if _is_root():
            import pwd

            nobody = pwd.getpwnam("nobody")
            for each in (folder, password):
                os.chown(each, nobody.pw_uid, nobody.pw_gid)
            user = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)}
        data = str(folder / "data")
        made = [_program("initdb"), "-D", data, "-U", BOSS, "-A", "scram-sha-256", f"--pwfile={password}"]
        made += ["-E", "UTF8", "--no-sync", "--no-instructions"]
        subprocess.run(
            [*user, *map(str, made)], cwd=folder, env=environment, check=True, capture_output=True, timeout=_PATIENCE
        )
        port = _free_port()
        run = [_program("postgres"), "-D", data, "-p", str(port), "-k", "", "-c", "listen_addresses=127.0.0.1"]
        run += ["-c", "fsync=off", "-c", "max_connections=10", "-c", "shared_buffers=16MB"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([*user, *map(str, run)], cwd=folder, env=environment, stdout=log, stderr=log)
        server = Postgres(port, process)
        try:
            _wait_for(server)
            yield server
        finally:
            process.terminate()  # SIGTERM waits for clients, of which there are none
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            process.kill()
            process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(server: Postgres) -> None:
    import adbc_driver_manager as manager

    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return server.connect().close()
        except manager.Error:
            if time.monotonic() > end or server.process.poll() is not None:
                raise
            time.sleep(0.05)


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _program(name: str) -> str | None:
    """A program of the server, which is seldom on the path."""
    found = shutil.which(name)
    if found is not None:
        return found
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(places[-1]) if places else None
