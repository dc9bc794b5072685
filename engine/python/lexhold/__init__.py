"""Lexhold's evaluation over Arrow tables: hits, duties, holds and diagnostics of messages.

>>> bundle = lexhold.Bundle.load("policies", "rulesets")
>>> found = bundle.evaluate(table, lexhold.Facts.load("facts.json"))
>>> found.hits
"""

from __future__ import annotations

import itertools
import json
import threading
import time
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from . import _lexhold

__all__ = ["Bundle", "Diagnostic", "Evaluation", "Facts", "LexholdError", "PolicyError", "rows_schema", "versions"]

#: Among documents, files of these names are none.
_NO_DOCUMENTS = frozenset({"regulations.yaml", "lexhold.yaml"})

#: The ending of a bundle's file.
_BUNDLE = ".tar.zst"


class LexholdError(Exception):
    """Something that Lexhold refuses, or cannot read."""


@dataclass(frozen=True)
class Diagnostic:
    """One thing wrong with a document; `lexhold explain CODE` has the page of its code."""

    code: str
    level: str
    message: str
    path: str | None
    line: int | None
    column: int | None
    help: str | None

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}: " if self.path else ""
        return f"{place}{self.level}[{self.code}] {self.message}" + (f" (help: {self.help})" if self.help else "")


class PolicyError(LexholdError):
    """Documents that do not compile. `diagnostics` has all that is wrong, sorted by place."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__("\n".join(str(one) for one in diagnostics) or "no rule and no schedule was found")

    def __reduce__(self) -> tuple[Any, ...]:
        return (PolicyError, (self.diagnostics,))


def versions() -> dict[str, Any]:
    """The versions that decide what an evaluation says: of Lexhold, the time zone database, Unicode."""
    return json.loads(_lexhold.versions())


class Bundle:
    """Policies and rulesets, compiled. Small enough to be sent to every worker, where it is compiled again."""

    def __init__(
        self, sources: dict[str, bytes], schema: bytes | None = None, signed_by: tuple[str, ...] = ()
    ) -> None:
        """Compiles documents by their paths; they import one another. Raises `PolicyError`."""
        self._sources = sources
        self._schema = schema
        #: Who of those that were trusted has signed it: nobody, unless `load` verified the file of a bundle.
        self.signed_by = signed_by
        digest, rules, told = _lexhold.check(sources, schema)
        self._diagnostics = [Diagnostic(*one) for one in told]
        if digest is None:
            raise PolicyError([one for one in self._diagnostics if one.level == "error"])
        #: The digest, as `lexhold` itself gives it.
        self.digest: str = digest
        #: The rules: id, kind (pattern, supervision, conversation), severity.
        self.rules: list[tuple[str, str, str]] = rules

    @classmethod
    def load(
        cls, *paths: str | Path, schema: str | Path | None = None, trusted: Mapping[str, str] | None = None
    ) -> Bundle:
        """Reads YAML files, and all of them in folders; `schema` is the firm's extension of the Cedar schema.

        Name every folder that documents import from: nothing else is opened. Or name the one file, `NAME.tar.zst`, that
        `lexhold bundle` wrote. `trusted` are public keys by signer, as `trust: { keys: … }` in lexhold.yaml: one of them has to
        have signed the bundle, and it has to count today. Without `trusted` nobody's signature is asked for, and a warning says
        so. Raises `LexholdError` for a bundle that does not count, or was damaged.
        """
        if any(str(path).endswith(_BUNDLE) for path in paths):
            if len(paths) > 1 or schema is not None:
                raise LexholdError("a bundle stands for all policies, rulesets and the schema: name it alone")
            return cls._open(Path(paths[0]), trusted)
        if trusted is not None:
            raise LexholdError(f"only the file of a bundle, *{_BUNDLE}, is signed")
        sources: dict[str, bytes] = {}
        for path in map(Path, paths):
            if not path.exists():
                raise FileNotFoundError(f"{path} is not there")
            for file in _documents(path):
                parts = [part for part in file.parts if part not in (file.anchor, ".", "..")]
                sources["/".join(parts)] = file.read_bytes()
        return cls(sources, Path(schema).read_bytes() if schema is not None else None)

    @classmethod
    def _open(cls, path: Path, trusted: Mapping[str, str] | None) -> Bundle:
        if trusted is None:
            warnings.warn(f"{path} was not verified: `trusted` names nobody", stacklevel=3)
        keys = dict(trusted) if trusted is not None else None
        try:
            sources, schema, signers = _lexhold.open_bundle(path.read_bytes(), keys, time.time_ns() // 1000)
        except ValueError as error:
            raise LexholdError(f"{path}: {error}") from None
        return cls(sources, sources[schema] if schema else None, tuple(signers))

    def check(self) -> list[Diagnostic]:
        """What deserves a look although everything compiles: warnings."""
        return list(self._diagnostics)

    def evaluate(self, messages: Any, facts: Facts) -> Evaluation:
        """Evaluates a table, a reader, a frame, or an iterable of record batches, on one thread and without the GIL.

        Columns have the names of a message's fields, as in a Parquet file that `lexhold run` reads. Raises `LexholdError`
        where the facts go with another bundle, and pyarrow's errors where the columns are not those of messages.
        """
        return Evaluation(pa.table(engine(self, facts).rows(_as_stream(messages))))

    def __reduce__(self) -> tuple[Any, ...]:
        return (Bundle, (self._sources, self._schema, self.signed_by))

    def __repr__(self) -> str:
        signed = f", signed by {', '.join(self.signed_by)}" if self.signed_by else ""
        return f"Bundle({self.digest[:12]}, {len(self.rules)} rules{signed})"


def _documents(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    files = (file for file in sorted(path.rglob("*")) if file.suffix in (".yaml", ".yml") and file.is_file())
    below = lambda file: file.relative_to(path).parts  # noqa: E731
    return [file for file in files if file.name not in _NO_DOCUMENTS and not any(p.startswith(".") for p in below(file))]


class Facts:
    """What an evaluation depends on besides the bundle: people, holds in force, zone, key, the time of capture.

    Those of a home come from `lexhold run --facts-to FILE`, and are as secret as the home: they hold its content key.
    """

    def __init__(self, document: dict[str, Any]) -> None:
        """The facts of a document such as `lexhold run --facts-to` writes."""
        self._text = json.dumps(document, sort_keys=True)
        self._document = document

    @classmethod
    def load(cls, path: str | Path) -> Facts:
        """Reads a file that `lexhold run --facts-to` wrote."""
        try:
            return cls(json.loads(Path(path).read_text("utf-8")))
        except ValueError:
            # Without the error itself, which quotes the file.
            raise LexholdError(f"{path} is no facts document") from None

    @classmethod
    def trial(
        cls,
        *,
        zone: str = "UTC",
        directory: str | Path | None = None,
        holds: dict[str, str] | None = None,
        captured_at: datetime | None = None,
        backfill: bool = False,
        key: bytes = bytes(32),
    ) -> Facts:
        """Facts of no home, to try a bundle out: what comes of them cannot be imported.

        `directory` is the path of a YAML document, `holds` has the texts of hold documents by name.
        """
        rows = _lexhold.directory_rows(Path(directory).read_text("utf-8")) if directory else None
        nobody: dict[str, Any] = {"people": [], "groups": [], "channels": [], "domains": []}
        at = (captured_at or datetime.now(timezone.utc)).astimezone(timezone.utc)
        document = {
            "schema": "lexhold/facts/1",
            "bundle": None,
            "earlier": [],
            "earlier_sources": {},
            "facts": None,
            "zone": zone,
            "key": key.hex(),
            "backfill": backfill,
            "captured_at": at.isoformat().replace("+00:00", "Z"),
            "cedar_schema": None,
            "holds": holds or {},
            "handles": {},
            "directory": json.loads(rows) if rows else nobody,
            **versions(),
        }
        return cls(document)

    def about(self) -> dict[str, Any]:
        """What a manifest says of these facts; nothing of it is secret."""
        names = ("bundle", "earlier", "facts", "zone", "backfill", "captured_at")
        return {name: self._document[name] for name in names}

    def __reduce__(self) -> tuple[Any, ...]:
        return (Facts, (self._document,))

    def __repr__(self) -> str:
        return "Facts(secret)"


_engines: dict[tuple[str, str], _lexhold.Engine] = {}
_engines_lock = threading.Lock()


def engine(bundle: Bundle, facts: Facts) -> _lexhold.Engine:
    """Bundle and facts, compiled: once in a process, however often it is asked for."""
    name = (bundle.digest, facts._text)
    with _engines_lock:
        if name not in _engines:
            try:
                _engines[name] = _lexhold.Engine(bundle._sources, bundle._schema, facts._text)
            except ValueError as error:
                raise LexholdError(str(error)) from None
        return _engines[name]


def _as_stream(messages: Any) -> Any:
    if hasattr(messages, "__arrow_c_stream__"):
        return messages
    if isinstance(messages, pa.RecordBatch):
        return pa.Table.from_batches([messages])
    reader = reader_of(messages)
    if reader is None:
        raise LexholdError("there are no batches, so that nothing says what columns they have")
    return reader


def reader_of(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatchReader | None:
    """Batches with the columns that the first of them has; nothing where there is none."""
    batches = iter(batches)
    first = next(batches, None)
    if first is None:
        return None
    return pa.RecordBatchReader.from_batches(first.schema, itertools.chain([first], batches))


def rows_schema() -> pa.Schema:
    """The columns of an evaluation's rows: see EVALUATION.md."""
    nothing = pa.table({"text": pa.array([], pa.string())})
    return pa.table(_lexhold.Engine({}, None, Facts.trial()._text).rows(nothing)).schema


class Evaluation:
    """What a bundle says of messages. `rows` has one row a message; the other tables one for each thing found."""

    def __init__(self, rows: pa.Table) -> None:
        #: The messages with their evaluation nested, as EVALUATION.md has it.
        self.rows = rows

    def _flat(self, name: str) -> pa.Table:
        evaluation = self.rows.column("evaluation").combine_chunks()
        if isinstance(evaluation, pa.ChunkedArray):
            evaluation = evaluation.chunk(0) if evaluation.num_chunks else pa.array([], evaluation.type)
        items = pc.struct_field(evaluation, name)
        parents = pc.list_parent_indices(items)
        columns = {of: pc.struct_field(evaluation, of).take(parents) for of in ("message_id", "key")}
        values = pc.list_flatten(items)
        columns |= {field.name: pc.struct_field(values, field.name) for field in values.type}
        return pa.table(columns)

    @property
    def hits(self) -> pa.Table:
        """One row a place where a rule matched; spans are half-open byte ranges of the named field."""
        return self._flat("hits")

    @property
    def duties(self) -> pa.Table:
        """One row a message and schedule that it was assigned."""
        return self._flat("duties")

    @property
    def holds(self) -> pa.Table:
        """One row a message and hold that covers it: held, or unevaluable and therefore held."""
        return self._flat("holds")

    @property
    def diagnostics(self) -> pa.Table:
        """What went wrong on single messages, without a word of them."""
        return self._flat("diagnostics")

    @property
    def events(self) -> pa.Table:
        """What messages add to rules over several messages."""
        return self._flat("events")

    @property
    def unreadable(self) -> pa.Table:
        """Rows that are no messages: where each stands, and why."""
        rows = self.rows.filter(pc.is_valid(self.rows.column("unreadable")))
        return rows.select(["source", "unreadable"])

    def __repr__(self) -> str:
        return f"Evaluation({self.rows.num_rows} rows)"
