"""Frozen values and enums that every other package passes around. No behaviour beyond packing and unpacking."""

from kotadb.model.facts import EXTRACTOR_VERSION, FileFacts, Symbol, SymbolKind
from kotadb.model.files import TEXT, SkippedFile, SkipReason, SourceFile, TreeEntry
from kotadb.model.jobs import IndexRequest, Job, JobStatus, Step
from kotadb.model.repositories import Index, Key, Owner, Repository

__all__ = [
    "EXTRACTOR_VERSION",
    "TEXT",
    "FileFacts",
    "Index",
    "IndexRequest",
    "Job",
    "JobStatus",
    "Key",
    "Owner",
    "Repository",
    "SkipReason",
    "SkippedFile",
    "SourceFile",
    "Step",
    "Symbol",
    "SymbolKind",
    "TreeEntry",
]
