"""Frozen values and enums that every other package passes around. No behaviour beyond packing and unpacking."""

from kotadb.model.answers import Verdict
from kotadb.model.facts import EXTRACTOR_VERSION, FileFacts, Symbol, SymbolKind
from kotadb.model.files import TEXT, SkippedFile, SkipReason, SourceFile, TreeEntry
from kotadb.model.jobs import DeadLetter, Failure, IndexRequest, Job, JobStatus, Step
from kotadb.model.references import (
    DEFAULT,
    NO_LINKS,
    WHOLE,
    DependencyKind,
    Exports,
    Expression,
    Import,
    Links,
    Op,
    Reference,
    ReferenceKind,
    Resolution,
    Types,
    pack_positions,
    unpack_positions,
)
from kotadb.model.repositories import Index, Key, Owner, Repository, TokenSource

__all__ = [
    "DEFAULT",
    "EXTRACTOR_VERSION",
    "NO_LINKS",
    "TEXT",
    "WHOLE",
    "DeadLetter",
    "DependencyKind",
    "Exports",
    "Expression",
    "Failure",
    "FileFacts",
    "Import",
    "Index",
    "IndexRequest",
    "Job",
    "JobStatus",
    "Key",
    "Links",
    "Op",
    "Owner",
    "Reference",
    "ReferenceKind",
    "Repository",
    "Resolution",
    "SkipReason",
    "SkippedFile",
    "SourceFile",
    "Step",
    "Symbol",
    "SymbolKind",
    "TokenSource",
    "TreeEntry",
    "Types",
    "Verdict",
    "pack_positions",
    "unpack_positions",
]
