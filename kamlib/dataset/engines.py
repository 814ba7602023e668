"""The engines that hold a company's tables: connecting to one, and saying what it said.

Whatever an engine's driver raises becomes one paragraph. Passwords stand in the url or come from
variables of the environment, and some drivers repeat them: what is quoted is cleaned of both.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import duckdb
import ibis
from ibis.expr.types import Table

from kamlib.dataset.file import VARIABLE, DatasetFile, fill_variables
from kamlib.dataset.names import quote_name, quote_text
from kamlib.errors import InputError, KamlibError, one_line

ENGINE_MEMORY_MB = 250  # a processor; with two, 10 million order lines fit into one gigabyte
ENGINE = "[engine]"
HIDDEN = "***"
DRIVERS = ("duckdb", "_duckdb", "psycopg", "py4j", "pyspark", "ibis", "sqlglot")
# A class of PostgreSQL's error codes → what to do; the longest that fits counts.
ADVICE = {
    "57014": "It took longer than the engine allows (statement_timeout). Ask for a longer time, "
             "or for an index or a smaller table, and run again.",
    "42501": "The user may not do this. It needs SELECT on the tables and TEMPORARY on the "
             "database; ask whoever runs the engine.",
    "42P01": "Correct the source, or ask for the right to see it.",
    "28": "Check the user and the password of the url.",
    "08": "The engine is gone. Start it again, or look at its log, and run again.",
    "57P": "The engine was shut down. Start it again and run again.",
    "53": "The engine has no room or no free connection. Ask whoever runs it, and run again.",
}
LOST = ("connection", "gateway", "shut down", "shutdown", "stopped", "job aborted",
        "answer from java", "network", "timeout expired")
_counter = itertools.count()


def connect() -> Any:
    """Open in-process DuckDB, with extensions never fetched.

    It holds 250 MB a processor, or what KAM_ENGINE_MEMORY says (such as 4GB), and lays aside in
    the system's folder for temporary files what is more.
    """
    return _set_up(ibis.duckdb.connect())


def _set_up(con: Any) -> Any:
    memory = os.environ.get("KAM_ENGINE_MEMORY") or \
        f"{ENGINE_MEMORY_MB * max(os.cpu_count() or 2, 2)}MB"
    aside = Path(tempfile.gettempdir()) / f"kam-engine-{os.getpid()}-{next(_counter)}"
    con.raw_sql(f"SET memory_limit = {quote_text(memory)}")
    con.raw_sql(f"SET temp_directory = {quote_text(str(aside))}")
    for setting in ("autoinstall_known_extensions", "autoload_known_extensions"):
        con.raw_sql(f"SET {setting} = false")
    con.raw_sql("SET preserve_insertion_order = true")
    with suppress(duckdb.InvalidInputException):  # in a notebook it has none
        con.raw_sql("SET enable_progress_bar = false")  # runs have a progress of their own
    return con


def connect_engine(file: DatasetFile) -> Any:
    """Connect to the engine of a dataset file.

    The url's scheme chooses it: duckdb (a file, read only), postgres, or spark with a master:
    spark://local[2], spark://host:7077; its options follow after a question mark.
    """
    assert file.engine is not None  # for the type checker: the caller asked
    url = fill_variables(file.engine.url, origin=ENGINE)
    kind = url.split("://")[0] if "://" in url else ""
    opener = {"duckdb": _open_duckdb, "postgres": _open_other, "postgresql": _open_other,
              "spark": _open_spark, "pyspark": _open_other}.get(kind)
    if opener is None:
        raise InputError("[engine]: the url has to begin with duckdb://, postgres:// or spark://. "
                         "Correct it and run again.")
    try:
        return _forget_quietly(opener(url, file))
    except KamlibError:
        raise
    except ImportError:
        extra = "spark" if "spark" in kind else "postgres"
        raise InputError(f"[engine]: the driver of {kind} is not installed. Install it with: pip "
                         f"install --require-hashes -r requirements-{extra}.lock") from None
    except Exception as error:  # each driver raises its own; the url may hold a password
        raise InputError(f"[engine]: no connection to the {kind} engine "
                         f"({type(error).__name__}: {_quote(error, file)}). Check the url, the "
                         "user and the password, and that the engine runs.") from None


def _forget_quietly(con: Any) -> Any:
    """Let tables that nobody needs any more go without a word, also when the engine is gone."""
    drop = con._drop_cached_table

    def drop_quietly(name: str) -> None:
        with suppress(Exception):
            drop(name)

    con._drop_cached_table = drop_quietly
    return con


def _open_duckdb(url: str, file: DatasetFile) -> Any:
    target = Path(url.removeprefix("duckdb://"))
    location = target if target.is_absolute() else file.folder / target
    if not location.is_file():
        raise InputError("[engine]: the DuckDB file of the url does not exist. "
                         "Correct the path and run again.")
    return _set_up(ibis.duckdb.connect(location, read_only=True))


def _open_other(url: str, file: DatasetFile) -> Any:
    return ibis.connect(url.replace("postgresql://", "postgres://", 1))


def _open_spark(url: str, file: DatasetFile) -> Any:
    from pyspark.sql import SparkSession

    master, _, options = url.removeprefix("spark://").partition("?")
    is_local = master.startswith("local")
    settings = {"spark.app.name": "kamlib"}
    if is_local:  # nothing that others could reach
        settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
                     "spark.ui.enabled": "false"}
    builder = SparkSession.builder.master(master if is_local else f"spark://{master}")
    for name, value in (settings | dict(parse_qsl(options))).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")  # what goes wrong comes back as an exception
    return ibis.pyspark.connect(session)


@contextmanager
def engine_told(where: str, file: DatasetFile | None = None) -> Iterator[None]:
    """Turn the engine's own words on what it cannot do into a paragraph without a secret."""
    try:
        yield
    except KamlibError:
        raise
    except (duckdb.OutOfMemoryException, duckdb.IOException, OSError) as error:
        if isinstance(error, ConnectionError):
            raise InputError(f"{where}: {_explain(error, file)}") from None
        if where == ENGINE and isinstance(error, OSError):
            raise  # of a run's own folder, which others tell of
        raise InputError(f"{where}: there is no room to read the data: {_quote(error, file)} "
                         "Free memory or disk space, or set KAM_ENGINE_MEMORY.") from None
    except Exception as error:
        if not _is_drivers(error):
            raise
        raise InputError(f"{where}: {_explain(error, file)}") from None


def watched(file: DatasetFile) -> AbstractContextManager[None]:
    """Tell of the engine whatever goes wrong with it; files raise what they raise."""
    return engine_told(ENGINE, file) if file.engine else nullcontext()


def _is_drivers(error: Exception) -> bool:
    return type(error).__module__.split(".")[0] in DRIVERS


def _explain(error: Exception, file: DatasetFile | None) -> str:
    said = _quote(error, file)
    code = str(getattr(error, "sqlstate", None) or "")
    advice = next((ADVICE[key] for key in sorted(ADVICE, key=len, reverse=True)
                   if code.startswith(key)), "")
    if advice:
        return f"the engine refused or ended this: {said} {advice}"
    is_driver_only = type(error).__module__.split(".")[0] in ("py4j", "psycopg", "builtins")
    if isinstance(error, OSError) or (
            not code and (is_driver_only or "Spark" in said)
            and any(word in said.lower() or word in type(error).__name__.lower() for word in LOST)):
        return (f"the engine is gone or gave up: {said or type(error).__name__} Look whether it "
                "runs and at its log, start it again and run again; nothing was published.")
    return (f"the engine cannot run the expressions: {said} Correct the expression, or say the "
            "type of a column under read.types.")


def _quote(error: Exception, file: DatasetFile | None) -> str:
    """The first words of an error, with every secret of the url hidden."""
    said = one_line(error).split(" LINE ")[0].split(" JVM stacktrace:")[0]
    for secret in sorted(_secrets(file), key=len, reverse=True):
        said = said.replace(secret, HIDDEN)
    said = said[:300].rstrip()
    return said if said.endswith((".", "!", "?")) or not said else said + "."


def _secrets(file: DatasetFile | None) -> set[str]:
    """The url of the engine, its password, and every variable that it is filled with."""
    if file is None or file.engine is None:
        return set()
    found = {os.environ.get(name, "") for name in VARIABLE.findall(file.engine.url)}
    with suppress(InputError, ValueError):
        url = fill_variables(file.engine.url, origin=ENGINE)
        parts = urlsplit(url)
        found |= {url, parts.netloc if "@" in parts.netloc else "", parts.password or "",
                  unquote(parts.password or "")}
        found |= {value for name, value in parse_qsl(parts.query) if "password" in name.lower()}
    return found - {""}


def keep(table: Table) -> Table:
    """Return a table as the engine has worked it out, kept for the session."""
    backend = table.get_backend()
    if backend.name == "pyspark":  # its cache does not hand over tables that are made in memory
        backend._run_pre_execute_hooks(table)
    kept = table.cache()
    if backend.name == "postgres":  # it plans badly for what it has not counted
        backend.raw_sql(f"ANALYZE {quote_name(kept.op().name)}").close()
    return kept


def bring(table: Table) -> Table:
    """Return a small table of one engine as one that every engine can join with its own."""
    return ibis.memtable(table.to_pyarrow())
