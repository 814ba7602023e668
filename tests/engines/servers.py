"""A PostgreSQL server and a Spark session of our own, and data sets loaded into them."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa

PASSWORD = "t0p:s3cret/" + secrets.token_hex(6)
UNPRIVILEGED = "nobody"


def find_postgres() -> Path | None:
    """The newest server programs that Debian installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"),
                   key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass
class Postgres:
    """A running server: its folder, port, and how to reach it as its owner and as a reader."""

    programs: Path
    folder: Path
    port: int

    def url(self, user: str = "owner", password: str = PASSWORD, options: str = "") -> str:
        from urllib.parse import quote

        return (f"postgres://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/kam"
                + (f"?options={quote(options)}" if options else ""))

    def connect(self, user: str = "owner", **given: Any) -> psycopg.Connection:
        return psycopg.connect(host="127.0.0.1", port=self.port, user=user, password=PASSWORD,
                               dbname="kam", autocommit=True, **given)

    def run(self, *statements: str) -> None:
        with self.connect() as con:
            for statement in statements:
                con.execute(statement)

    def load(self, tables: Mapping[str, pa.Table]) -> None:
        """Write tables as COPY takes them, and let the reader read them."""
        local = duckdb.connect()
        for name, table in tables.items():
            local.register(name, table)
            self._copy(name, table.schema, local)

    def load_parquet(self, files: Mapping[str, Path]) -> None:
        """The same from files, which may be larger than memory."""
        local = duckdb.connect()
        for name, path in files.items():
            local.execute(f"CREATE VIEW {name} AS SELECT * FROM '{path}'")
            self._copy(name, local.execute(f"FROM {name} LIMIT 0").to_arrow_table().schema, local)
        self.run("ANALYZE")

    def _copy(self, name: str, schema: pa.Schema, local: duckdb.DuckDBPyConnection) -> None:
        types = {"string": "text", "large_string": "text", "int64": "bigint",
                 "double": "double precision", "bool": "boolean", "date32[day]": "date"}
        kinds = {f.name: str(f.type).replace("decimal128", "numeric") for f in schema}
        columns = ", ".join(f'"{c}" {types.get(kind, kind)}' for c, kind in kinds.items())
        with self.connect() as con, tempfile.TemporaryDirectory(prefix="kam-load-") as folder:
            con.execute(f'DROP TABLE IF EXISTS "{name}"')
            con.execute(f'CREATE TABLE "{name}" ({columns})')
            lines = Path(folder) / "lines.csv"
            local.execute(f"COPY (FROM {name}) TO '{lines}' (FORMAT csv, HEADER false)")
            with lines.open("rb") as stream, \
                    con.cursor().copy(f'COPY "{name}" FROM STDIN (FORMAT csv)') as copy:
                while block := stream.read(1 << 20):
                    copy.write(block)
            con.execute(f'GRANT SELECT ON "{name}" TO reader')

    def stop(self, mode: str = "immediate") -> None:
        _as_server(self.programs / "pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def start(self) -> None:
        options = (f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
                   "-c fsync=off -c shared_buffers=256MB -c work_mem=64MB -c max_connections=20")
        _as_server(self.programs / "pg_ctl", "-D", self.folder / "data", "-w", "-l",
                   self.folder / "log", "-o", options, "start")


def _as_server(*command: Any) -> None:
    """Run a program of PostgreSQL, which root may not, so as one who may nothing."""
    is_root = os.geteuid() == 0
    subprocess.run(  # -l keeps the server's output; a pipe would wait for the server to end
        list(map(str, command)), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, cwd="/", timeout=120,
        **({"user": UNPRIVILEGED, "group": None, "extra_groups": []} if is_root else {}))


@contextmanager
def serve_postgres() -> Iterator[Postgres]:
    """A server in a folder of its own, on loopback at a free port; gone at the end."""
    programs = find_postgres()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="kam-postgres-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Postgres(programs, folder, port)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED)
        shutil.chown(secret, UNPRIVILEGED)
    try:
        # an alphabet that sorts otherwise than by code, as a company's server may have
        _as_server(programs / "initdb", "-D", folder / "data", "-U", "owner", "-E", "UTF8",
                   "--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8", "-N",
                   "--auth=scram-sha-256", f"--pwfile={secret}")
        server.start()
        with psycopg.connect(host="127.0.0.1", port=port, user="owner", password=PASSWORD,
                             dbname="postgres", autocommit=True) as con:
            con.execute("CREATE DATABASE kam")
            con.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        yield server
    finally:
        with suppress(subprocess.SubprocessError):
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def run_spark(folder: Path, master: str = "local[2]") -> Iterator[Any]:
    """A session on this machine alone; its Java ends with it."""
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("kam-tests")
    for name, value in {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1",
                        "spark.driver.bindAddress": "127.0.0.1", "spark.driver.memory": "3g",
                        "spark.sql.shuffle.partitions": "2",
                        "spark.sql.warehouse.dir": str(folder / "warehouse"),
                        "spark.local.dir": str(folder / "local")}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    try:
        yield session
    finally:
        gateway = session.sparkContext._gateway
        with suppress(Exception):
            session.stop()
        end_java(gateway)


def end_java(gateway: Any) -> None:
    """End the Java process that a session started; the next session starts another."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    with suppress(Exception):
        gateway.shutdown()
    with suppress(ProcessLookupError):
        os.kill(gateway.proc.pid, signal.SIGKILL)
    gateway.proc.stdin.close()
    gateway.proc.wait(30)
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
    SparkSession._instantiatedSession = None  # what could not be stopped would be used again


def load_spark(session: Any, tables: Mapping[str, pa.Table], folder: Path) -> None:
    import pyarrow.parquet as pq

    for name, table in tables.items():
        path = folder / f"{name}.parquet"
        pq.write_table(table, path)
        session.read.parquet(str(path)).createOrReplaceTempView(name)


def read_texts(folder: Path, names: list[str]) -> dict[str, pa.Table]:
    """The CSV files of a data set as they lie: every column a text."""
    con = duckdb.connect()
    return {name: con.execute(f"SELECT * FROM read_csv('{folder / name}.csv', all_varchar=true, "
                              "header=true, delim=',')").to_arrow_table() for name in names}


def name_engine(text: str, url: str) -> str:
    """A dataset file's text with an engine, and its files as tables of the engine."""
    sources = re.sub(r'^source = "(\w+)\.csv"', r'source = "\1"', text, flags=re.MULTILINE)
    return re.sub(r"^\[tables\.", f'[engine]\nurl = "{url}"\n\n[tables.', sources, count=1,
                  flags=re.MULTILINE)
