"""What columns count: bytes, or units of UTF-16 or UTF-32; UTF-16 where a document does not say, as indexers do."""

from kotadb.scip.scip_pb2 import PositionEncoding

UTF8 = PositionEncoding.UTF8CodeUnitOffsetFromLineStart
UTF32 = PositionEncoding.UTF32CodeUnitOffsetFromLineStart


def in_bytes(line: bytes, column: int, encoding: int) -> int | None:
    """The column of a line of UTF-8 in bytes; None where the line has no such column."""
    if encoding == UTF8 or line.isascii():
        return column if 0 <= column <= len(line) else None
    name, width = ("utf-32-le", 4) if encoding == UTF32 else ("utf-16-le", 2)
    units = line.decode().encode(name)
    if not 0 <= width * column <= len(units):
        return None
    return len(units[: width * column].decode(name, "ignore").encode())
