"""What columns count: bytes, or units of UTF-16 or UTF-32; UTF-16 where a document does not say, as indexers do."""

from kotadb.scip.scip_pb2 import PositionEncoding

_UNITS: dict[int, tuple[str, int]] = {
    PositionEncoding.UTF8CodeUnitOffsetFromLineStart: ("utf-8", 1),
    PositionEncoding.UTF32CodeUnitOffsetFromLineStart: ("utf-32-le", 4),
}
_UTF16 = ("utf-16-le", 2)


def in_bytes(line: bytes, column: int, encoding: int) -> int | None:
    """The column of a line of UTF-8 in bytes; None where no character of the line begins there, nor its end is."""
    if line.isascii():
        return column if 0 <= column <= len(line) else None
    name, width = _UNITS.get(encoding, _UTF16)
    units = line.decode().encode(name)
    if not 0 <= width * column <= len(units):
        return None
    try:
        return len(units[: width * column].decode(name).encode())
    except UnicodeDecodeError:
        return None
