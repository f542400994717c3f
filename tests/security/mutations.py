"""Files that nobody would write: sources of the corpus, damaged, and others made up of what parsers choke on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

CORPUS = Path(__file__).parents[1] / "corpus"
EXTENSIONS = (".ts", ".tsx", ".mts", ".cts", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".py", ".pyi",
              ".md", ".json", ".txt", ".toml", "")  # fmt: skip

LATE = b" " * 8192
"""What stands before a NUL that does not make a file binary."""

TOKENS = tuple(
    b"( ) [ ] { } < > => -> ** * + ++ == === ! ? : :: ; , . .. ... @ # $ ` ' \" ''' \"\"\" \\ / /* */ // ${ f\" f''' r'"
    b" def class lambda async await yield from import export default as type interface enum namespace declare module"
    b" function const let var new return if else for while with try except finally match case global nonlocal del"
    b" get set static abstract readonly private extends implements keyof typeof infer satisfies is in of super this"
    b" None self __all__ require module.exports =".split()
)

BRACKETS = (
    (b"(", b")"), (b"[", b"]"), (b"{", b"}"), (b"f(", b")"), (b"<a>", b"</a>"), (b"if x:\n ", b""), (b"`${", b"}`"),
    (b"a<", b">"), (b"(() => ", b")"),
)  # fmt: skip

ODD_BYTES = (
    b"\xff", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xc0\xaf", b"\xf8\x88\x80\x80\x80", b"\xe2\x80\xa8", b"\xe2\x80\xae",
    b"\xe2\x81\xa6", b"\xef\xbb\xbf", b"\x1b[2J", b"\x07\x08\x7f", b"\x0b\x0c", b"\xc2\x85", b"\xc2\xa0",
    b"\xf4\x8f\xbf\xbf", b"\xcc\x81" * 50, b"\\u0000", b"\x1a",
)  # fmt: skip

Mutate = Callable[[Random, bytes, bytes], bytes]
"""Of a source, with another one to take from."""


def _span(random: Random, source: bytes, most: int = 200) -> tuple[int, int]:
    start = random.randrange(len(source) + 1)
    return start, min(len(source), start + random.randrange(1, most))


def flipped(random: Random, source: bytes, other: bytes) -> bytes:
    damaged = bytearray(source)
    for _ in range(random.randrange(1, 20)):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def deleted(random: Random, source: bytes, other: bytes) -> bytes:
    start, end = _span(random, source)
    return source[:start] + source[end:]


def repeated(random: Random, source: bytes, other: bytes) -> bytes:
    start, end = _span(random, source)
    return source[:start] + source[start:end] * random.randrange(2, 50) + source[end:]


def spliced(random: Random, source: bytes, other: bytes) -> bytes:
    start, end = _span(random, other, 500)
    at = random.randrange(len(source) + 1)
    return source[:at] + other[start:end] + source[at:]


def cut(random: Random, source: bytes, other: bytes) -> bytes:
    return source[: random.randrange(len(source))]


def shuffled(random: Random, source: bytes, other: bytes) -> bytes:
    lines = source.splitlines(keepends=True)
    random.shuffle(lines)
    return b"".join(lines)


def nested(random: Random, source: bytes, other: bytes) -> bytes:
    opening, closing = random.choice(BRACKETS)
    depth = random.randrange(1, 400)
    at = random.randrange(len(source) + 1)
    return source[:at] + opening * depth + b"x" + closing * random.choice([0, depth, depth + 3]) + source[at:]


def noise(random: Random, source: bytes, other: bytes) -> bytes:
    return random.randbytes(random.randrange(1, 4000))


def soup(random: Random, source: bytes, other: bytes) -> bytes:
    between = random.choice([b" ", b"\n", b"", b"\n    "])
    return between.join(random.choices((*TOKENS, b"x", b"y", b"1"), k=random.randrange(1, 1500)))


def giant_name(random: Random, source: bytes, other: bytes) -> bytes:
    name = random.choice(["a", "ä", "名"]) * random.choice([600, 3_000, 10_000])
    lines = f"def {name}(): pass\nclass {name}: pass\nfunction {name}() {{}}\nconst {name}2 = {name}.{name}({name});\n"
    return lines.encode() + source.replace(b"x", name.encode())[:100_000]


def giant_text(random: Random, source: bytes, other: bytes) -> bytes:
    text = b"%s\\x00\x00\xff\xed\xa0\x80" * 3000 % ((b"words ",) * 3000)
    quote = random.choice([b'"""', b"'''", b"`", b"/**"])
    return LATE + b"\ndef f():\n  " + quote + text + (b"*/" if quote == b"/**" else quote) + b"\n" + source


def late_nul(random: Random, source: bytes, other: bytes) -> bytes:
    damaged = bytearray(source)
    for _ in range(random.randrange(1, 9)):
        damaged.insert(random.randrange(len(damaged) + 1), 0)
    return LATE + b"\n" + bytes(damaged)


def sprinkled(random: Random, source: bytes, other: bytes) -> bytes:
    """Bytes that are no UTF-8, and characters that look like nothing, or turn the line around."""
    odd = random.choice(ODD_BYTES)
    for _ in range(random.randrange(1, 12)):
        at = random.randrange(len(source) + 1)
        source = source[:at] + odd + source[at:]
    return source


def encoded(random: Random, source: bytes, other: bytes) -> bytes:
    text = source.decode("utf-8", "replace")
    how = random.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "bom-be", "cp1252", "half"])
    match how:
        case "bom-be":
            return b"\xfe\xff" + text.encode("utf-16-be")
        case "half":  # a character of two bytes is cut in two, and a lone surrogate stands in the middle
            return b"\xff\xfe" + text.encode("utf-16-le") + b"\x00\xd8x\x00" + source[:1]
    return text.encode(how, "replace")


def line_ends(random: Random, source: bytes, other: bytes) -> bytes:
    return source.replace(b"\n", random.choice([b"\r\n", b"\r", b"\n\r", b"\r\r\n", b"\xe2\x80\xa8", b"\x0c"]))


MUTATIONS: tuple[Mutate, ...] = (
    flipped, deleted, repeated, spliced, cut, shuffled, nested, noise, soup, giant_name, giant_text, late_nul,
    sprinkled, encoded, line_ends,
)  # fmt: skip


# ---- names -----------------------------------------------------------------------------------------------------------

ODD_NAMES = (
    b"new\nline", b"quote'\"`", b"\x1b[31mred", b"\xff\xfe", b"\\xff", b"\\x5cx41", b"tab\t", b"\xe2\x80\xae", b"a b ",
    b"$(x)", b"%s%n", b"'; --", b"\xed\xa0\x80", b"-x", b"&lt;", b"\xc3\xa9", b"e\xcc\x81", b"*?[", b"\r", b"\x7f",
)  # fmt: skip


def file_name(random: Random, number: int, extension: str) -> bytes:
    """A path that no other number has; now and then an odd one, or one that is as long as a file system allows."""
    odd = random.choice(ODD_NAMES) if random.random() < 0.1 else b""
    name = odd + b"%d" % number
    if random.random() < 0.01:
        name = name + b"n" * (255 - len(name) - len(extension))
    return b"%s/%s%s" % (random.choice((b"a", b"b/c", b"d")), name, extension.encode())


# ---- files -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seeds:
    """The sources of the corpus, and which of them are of a family."""

    sources: Mapping[str, bytes]

    def any(self, random: Random, extension: str) -> bytes:
        """One that goes with the extension, if there is one."""
        families = {"p": ".py", "j": ".js", "t": ".ts", "m": ".mjs", "c": ".cts", "d": ".ts"}
        wanted = families.get(extension[1:2], "")
        fitting = sorted(name for name in self.sources if wanted[:2] in Path(name).suffix)
        return self.sources[random.choice(fitting)]


def seeds() -> Seeds:
    files = sorted(path for path in CORPUS.rglob("*") if path.is_file())
    return Seeds({str(path.relative_to(CORPUS)): path.read_bytes() for path in files})


def fuzzed(random: Random, sources: Seeds, extension: str) -> bytes:
    """A file for this extension, damaged once or several times."""
    source = sources.any(random, extension)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        source = random.choice(MUTATIONS)(random, source or b"x", sources.any(random, random.choice(EXTENSIONS)))
    return source
