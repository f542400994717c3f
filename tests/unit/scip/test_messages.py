"""The messages are those of scip.proto, and garbage is none of them."""

import re
from importlib import resources

import pytest
from google.protobuf.descriptor import Descriptor, EnumDescriptor

from kotadb.errors import InvalidInput
from kotadb.scip import scip_pb2
from kotadb.scip.reading import decoded, document
from kotadb.scip.scip_pb2 import Index, Metadata

FIELD = re.compile(r"^\s*(?:repeated )?(?:\w+ )?(\w+) = (\d+);", re.MULTILINE)


def _numbers(message: Descriptor) -> list[tuple[str, int]]:
    nested = [value for enum in message.enum_types for value in _values(enum)]
    return [*((field.name, field.number) for field in message.fields), *nested]


def _values(enum: EnumDescriptor) -> list[tuple[str, int]]:
    return [(value.name, value.number) for value in enum.values]


def test_the_generated_module_is_of_the_proto_file() -> None:
    written = FIELD.findall((resources.files("kotadb.scip") / "scip.proto").read_text())
    file = scip_pb2.DESCRIPTOR
    made = [pair for message in file.message_types_by_name.values() for pair in _numbers(message)]
    made += [pair for enum in file.enum_types_by_name.values() for pair in _values(enum)]
    assert sorted((name, int(number)) for name, number in written) == sorted(made)


@pytest.mark.parametrize("data", [b"", b"\xff" * 30, b"{}\n", Index(metadata=Metadata()).SerializeToString()])
def test_what_is_no_index_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="SCIP"):
        decoded(data)


def test_a_document_that_is_none_is_refused() -> None:
    index = decoded(Index(metadata=Metadata(), documents=[b"\x0a\xff"]).SerializeToString())
    with pytest.raises(InvalidInput, match="Document 0"):
        document(index, 0)
