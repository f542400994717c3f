"""Taking apart an index in the SCIP format, from anybody: garbage is refused, and read only as far as it is needed."""

from collections.abc import Iterator

from google.protobuf.message import DecodeError

from kotadb.errors import InvalidInput
from kotadb.scip.scip_pb2 import Document, Index, SymbolRole

DEFINITION = SymbolRole.Definition

KEYWORDS = frozenset({"this", "super", "default", "import", "export", "new", "constructor", "self", "__file__"})
"""What indexers say stands for a symbol, without being its name."""


def decoded(data: bytes) -> Index:
    """An index, whose documents are still to be decoded. Raises InvalidInput."""
    try:
        index = Index.FromString(data)
    except DecodeError:
        raise InvalidInput("This is no index in the SCIP format, or only a part of one: it cannot be decoded") from None
    if not index.HasField("metadata") or not index.documents:
        raise InvalidInput("This is an index in the SCIP format of nothing: it has no documents, or no metadata")
    return index


def document(index: Index, number: int) -> Document:
    """One of the documents of an index, from 0. Raises InvalidInput."""
    try:
        return Document.FromString(index.documents[number])
    except DecodeError:
        raise InvalidInput(f"Document {number} of the index in the SCIP format cannot be decoded") from None


def documents(index: Index) -> Iterator[Document]:
    """The documents of an index, one after the other; there may be several for one path. Raises InvalidInput."""
    return (document(index, number) for number in range(len(index.documents)))
