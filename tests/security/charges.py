"""Repositories that are small and want to be large: in the time, the memory or the rows that they cost."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha1

from security.raw import (
    FILE,
    LINK,
    SUBMODULE,
    TREE,
    Entry,
    RawRepo,
    header,
    name_of,
    pack_of,
    packed,
    packed_delta,
    repeating_delta,
    tree_content,
)
from security.servers import RESULT, pack_answer
from support.git_server import Answer, GitServer

MIB = 2**20
LARGEST = MIB - 1024
"""Bytes of a file that is not too large."""
SOURCE = b"def f():\n    return 1\n"

Files = dict[str, bytes]
Build = Callable[[RawRepo, GitServer, int], object]


@dataclass(frozen=True, slots=True)
class Bomb:
    """A repository, how much of it there is (in short, and in full), and whether it must fail."""

    name: str
    build: Build
    full: int
    short: int | None = None
    """None: not in short."""
    by: str = "https"
    fails: bool = False


def filled(piece: bytes, limit: int = LARGEST) -> bytes:
    return piece * (limit // len(piece))


def numbered(line: str, count: int) -> bytes:
    return "".join(line.format(n=n, m=n + 1, before=max(0, n - 1)) for n in range(count)).encode()


def _files(make: Callable[[int], Files]) -> Build:
    return lambda repo, git, size: repo.files(make(size))


# ---- depth and width of one file -------------------------------------------------------------------------------------

NESTS: dict[str, tuple[str, ...]] = {
    "py": ("(", "[", "{", "f(", "lambda: ", "not ", "-", "a if b else ", "x[", "await ", "*", "if x:\n"),
    "ts": (
        "(",
        "[",
        "{",
        "f(",
        "(() => ",
        "function f() {",
        "`${",
        "!",
        "a ? ",
        "let x: A<",
        "class A { a = ",
        "if (x) ",
    ),
    "tsx": ("<a>", "<a b={", "<>{"),
    "js": ("[", "({a: ", "new ", "async () => ", "x => "),
}
"""What may be opened again and again, by extension."""


def _nested(*extensions: str) -> Callable[[int], Files]:
    return lambda size: {
        f"{number}.{extension}": (opening * min(size, LARGEST // len(opening))).encode()
        for extension in extensions
        for number, opening in enumerate(NESTS[extension])
    }


def strings_in_strings(size: int) -> Files:
    return {"a.py": b'f"{' * size + b"x", "b.py": b"f'{f\"{" * (size // 2), "c.ts": b"`a${`b${" * (size // 2)}


LINES = {
    "plus.py": ("1 + ", "1"), "comma.py": ("x, ", ""), "dot.py": ("x .", "x"), "call.py": ("x (1) .", "x"),
    "or.ts": ("a || ", "a"), "dot.ts": ("x ?. ", "x"), "union.ts": ("a | ", "b"), "chain.js": ("x . y (1) . ", "z"),
}  # fmt: skip


def one_line(size: int) -> Files:
    """A line of operators as long as a file may be: a tree as deep as it is long."""
    return {name: filled(piece.encode(), size) + last.encode() for name, (piece, last) in LINES.items()}


ROWS = {
    "names.py": ("", "a{n}\n", ""), "object.ts": ("const x = {\n", "  a{n}: a,\n", "};"),
    "list.py": ("x = [\n", "  {n},\n", "]"),
    "arguments.ts": ("f(", "a{n},\n", ")"), "decorators.py": ("", "@a{n}\n", "def f(): pass"),
    "decorators.ts": ("", "@a{n}\n", "class A {}"), "union.ts": ("type U =\n", "| T{n}\n", ""),
    "parameters.py": ("def f(", "a{n},\n", "): pass"), "imports.ts": ("import {", "a{n},\n", "} from './b';"),
    "enum.ts": ("enum E {", "A{n},\n", "}"), "cases.ts": ("switch (x) {\n", "case {n}: a;\n", "}"),
    "locals.py": ("def f():\n", " a{n} = 1\n", ""),
}  # fmt: skip
"""What may stand beside each other without end: before, again and again, after."""


def siblings(size: int) -> Files:
    return {name: first.encode() + numbered(row, size) + last.encode() for name, (first, row, last) in ROWS.items()}


def functions(size: int) -> Files:
    """Many tiny functions."""
    count = 50_000
    return {f"{n}.{e}": numbered(line, count) for n in range(size // count // 2 or 1) for e, line in
            (("py", "def f{n}(): pass\n"), ("ts", "function f{n}() {{}}\n"))}  # fmt: skip


# ---- names that lead on and on ---------------------------------------------------------------------------------------


def aliases(size: int) -> Files:
    """What the last one is, the first one tells."""
    return {
        "a.py": numbered("a{m} = a{n}\n", size), "b.ts": numbered("export const a{m} = a{n};\n", size),
        "c.py": b"from a import *\n" + numbered("b{n} = a{n}.x\n", size // 2),
        "d.ts": b"import * as b from './b';\n" + numbered("b.a{n}.x();\n", size // 2),
        "e.ts": numbered("type A{n} = A{m};\n", size), "f.py": b"global x\nx\n",
    }  # fmt: skip


DIAMOND = "interface I{n} extends I{m}, J{m} {{}} interface J{n} extends I{m}, J{m} {{}}\n"


def hierarchies(size: int) -> Files:
    """Chains and circles of classes, and questions about the members of the last."""
    return {
        "chain.py": numbered("class A{m}(A{n}): pass\n", size) + f"A{size}().x()\nA{size}.y\n".encode() * 1000,
        "circle.py": numbered("class A{n}(A{m}): pass\n", 300) + b"class A300(A0): pass\n" + b"A0().x()\n" * 1000,
        "chain.ts": numbered("class A{m} extends A{n} {{ m() {{ this.x(); super.m(); }} }}\n", size // 2),
        "many.py": b"class M(" + numbered("A{n}, ", size) + b"): pass\n" + b"M().x()\n" * 1000,
        "diamonds.ts": numbered(DIAMOND, size // 4)
        + b"let x: I0; x.y;\n",
    }  # fmt: skip


def barrels(size: int) -> Files:
    """Every file passes on all that others have, round and round, by ways that double with each step."""
    files = {f"b{n}.ts": _passes_on(n, size) for n in range(size)}
    for n in range(size):
        files[f"e{n}.ts"] = f"export * from './e{n + 1}'; export * from './e{n + 2}';\n".encode()
        files[f"p{n}.py"] = "".join(f"from p{(n + step) % size} import *\n" for step in range(1, 40)).encode()
    ask = "import {{ x{n} }} from './b0'; import {{ y{n} }} from './e0'; x{n}(y{n});\n"
    return files | {
        "ask.ts": numbered(ask, size), "names.ts": numbered("export const x{n} = 1, y{n} = 1;\n", size),
        "ask.py": numbered("from p0 import z{n}\nz{n}()\n", size), "names.py": numbered("z{n} = 1\n", size),
    }  # fmt: skip


def _passes_on(number: int, size: int) -> bytes:
    return "".join(f"export * from './b{(number + step) % size}';\n" for step in range(1, 60)).encode()


def manifests(size: int) -> Files:
    files = {f"t{n}/tsconfig.json": _extends([f"../t{n + 1}/tsconfig.json"]) for n in range(size // 20)}
    files |= {f"c{n}/tsconfig.json": _extends([f"../c{k}/tsconfig.json" for k in range(60)]) for n in range(60)}
    files |= {
        f"{folder}/a.ts": b"import x from 'x0/y'; import '../t0/a'; import '@x/1';\n" for folder in ("t0", "c0", "w")
    }
    paths = {f"x{n}/*/{'a' * (n % 50)}*": [f"./{n}/*"] for n in range(size // 10)}
    return files | {
        "package.json": json.dumps({"workspaces": ["**/" * 60 + "x", *(f"w{n}/**" for n in range(2000))]}).encode(),
        "deep/package.json": b"[" * size, "deep/tsconfig.json": b'{"extends":' * size, "deep/a.ts": b"import 'x';\n",
        "w/tsconfig.json": json.dumps({"compilerOptions": {"baseUrl": ".", "paths": paths}}).encode(),
        "pyproject.toml": b"a = " + b"[" * size, "w/package.json": b'{"exports":' + b'{"x":' * size,
        "u/package.json": b'{"a": 1, ' * 1000 + b'"b": NaN, "c": 1e99999, "d": ' + b"9" * 10_000 + b"}",
    }  # fmt: skip


def _extends(names: list[str]) -> bytes:
    return json.dumps({"extends": names}).encode()


# ---- trees -----------------------------------------------------------------------------------------------------------


def _repeated(levels: int, of: Callable[[RawRepo], Iterable[Entry]]) -> Build:
    """A tree that holds the same tree ten times, and that one again, and so on."""

    def build(repo: RawRepo, git: GitServer, size: int) -> None:
        tree = repo.tree(of(repo))
        for _ in range(levels):
            tree = repo.tree([(TREE, b"t%d" % n, tree) for n in range(10)])
        repo.commit(repo.tree([(TREE, b"t", tree), (FILE, b"a.py", repo.blob(SOURCE))]))

    return build


def _a_file(repo: RawRepo) -> list[Entry]:
    return [(FILE, b"a.py", repo.blob(SOURCE))]


def deep_folders(repo: RawRepo, git: GitServer, size: int) -> None:
    tree = repo.tree(_a_file(repo))
    for n in range(size):
        tree = repo.tree([(TREE, b"d", tree), (FILE, b"f%d" % (n % 10), repo.blob(SOURCE))])
    repo.commit(tree)


def long_paths(repo: RawRepo, git: GitServer, size: int) -> None:
    """As many files as there may be, in folders whose names make work for patterns, and with patterns of their own."""
    tree = repo.tree([(FILE, b"f%d.py" % n, repo.blob(SOURCE)) for n in range(100)])
    tree = repo.tree([(TREE, b".test" * 30 + b"%d" % n, tree) for n in range(size // 100)])
    for _ in range(20):
        tree = repo.tree([(TREE, b".test.generated.config" * 8, tree)])
    repo.commit(repo.tree([(TREE, b"x", tree)]))


def flood(repo: RawRepo, git: GitServer, size: int) -> None:
    """Links and submodules."""
    target = repo.blob(b"../" * 1000)
    entries: list[Entry] = [(LINK, b"l%d" % n, target) for n in range(size // 2)]
    repo.commit(repo.tree(entries + [(SUBMODULE, b"s%d" % n, "5" * 40) for n in range(size // 2)]))


def tiny_files(repo: RawRepo, git: GitServer, size: int) -> None:
    """As many as are allowed, a tenth of them different ones."""
    shas = [repo.blob(b"def f%d(): pass\n" % n) for n in range(size // 10)]
    folders = [
        (TREE, b"d%d" % d, repo.tree([(FILE, b"f%d.py" % n, shas[(d * 100 + n) % len(shas)]) for n in range(100)]))
        for d in range(size // 100)
    ]
    repo.commit(repo.tree(folders))


def ignored(repo: RawRepo, git: GitServer, size: int) -> None:
    """A megabyte of patterns that match almost, against paths of hundreds of folders."""
    pattern = b"**/" + b"a/" * 600 + b"b\n"
    tree = repo.tree([(FILE, b"f%d" % n, repo.blob(SOURCE)) for n in range(size)])
    for _ in range(1_200):
        tree = repo.tree([(TREE, b"a", tree)])
    rules = repo.blob(filled(pattern))
    repo.commit(repo.tree([(TREE, b"a", tree), (FILE, b".kotadbignore", rules), (FILE, b"b.py", repo.blob(SOURCE))]))


# ---- blobs and packs -------------------------------------------------------------------------------------------------


def large_blobs(repo: RawRepo, git: GitServer, size: int) -> None:
    """Megabytes of nothing, and an endless line."""
    entries: list[Entry] = [(FILE, b"zeros.py", put_large(repo, b"\0" * MIB, size))]
    entries.append((FILE, b"line.ts", put_large(repo, b"a = [1, " * (MIB // 8), size // 8)))
    repo.commit(repo.tree([*entries, (FILE, b"a.py", repo.blob(SOURCE))]))


def put_large(repo: RawRepo, piece: bytes, times: int) -> str:
    """An object that is never in memory as a whole."""
    digest, packer = sha1(), zlib.compressobj(1)
    temporary = repo.git_dir / "objects" / "large"
    with temporary.open("wb") as file:
        for part in _parts(header(b"blob", len(piece) * times), piece, times):
            digest.update(part)
            file.write(packer.compress(part))
        file.write(packer.flush())
    sha = digest.hexdigest()
    (repo.git_dir / "objects" / sha[:2]).mkdir(exist_ok=True)
    temporary.rename(repo.git_dir / "objects" / sha[:2] / sha[2:])
    return sha


def _parts(first: bytes, piece: bytes, times: int) -> Iterator[bytes]:
    yield first
    for _ in range(times):
        yield piece


def deltas(repo: RawRepo, git: GitServer, size: int) -> None:
    """A pack of some kilobytes: an object of a megabyte, one that is that many times over, and one of that again."""
    commit = repo.files({"a.py": SOURCE})
    base = b"\0" * MIB
    larger = base * size
    first, second = name_of(b"blob", base), name_of(b"blob", larger)
    tree = tree_content([(FILE, b"a.py", repo.blob(SOURCE))])
    objects = [packed(b"commit", _content(repo, commit)), packed(b"tree", tree), packed(b"blob", SOURCE),
               packed(b"blob", base), packed_delta(first, repeating_delta(MIB, MIB, size)),
               packed_delta(second, repeating_delta(size * MIB, 15 * MIB, 1000))]  # fmt: skip
    answer = Answer(200, {"Content-Type": RESULT}, pack_answer(commit, pack_of(objects)))
    git.answer_by(f"/{repo.path.name}/git-upload-pack", lambda asked: answer if b"command=fetch" in asked else None)


def _content(repo: RawRepo, sha: str) -> bytes:
    raw = zlib.decompress((repo.git_dir / "objects" / sha[:2] / sha[2:]).read_bytes())
    return raw.partition(b"\0")[2]


def zipped_answer(repo: RawRepo, git: GitServer, size: int) -> None:
    """What a server says first, a kilobyte for each megabyte."""
    repo.files({"a.py": SOURCE})
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    git.answer(f"/{repo.path.name}/info/refs", 200, headers, zipped(size))


def zipped(megabytes: int) -> bytes:
    """Zeros as gzip; the end is missing."""
    zipper = zlib.compressobj(9, wbits=-15)
    piece = zipper.compress(b"0" * MIB) + zipper.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + piece * megabytes


BOMBS: tuple[Bomb, ...] = (
    Bomb("nested_py", _files(_nested("py")), 100_000),
    Bomb("nested_ts", _files(_nested("ts")), 100_000),
    Bomb("nested_jsx", _files(_nested("tsx", "js")), 100_000, 2_000),
    Bomb("strings_in_strings", _files(strings_in_strings), 100_000, 4_000),
    Bomb("one_line", _files(one_line), LARGEST),
    Bomb("siblings", _files(siblings), 30_000),
    Bomb("functions", _files(functions), 300_000),
    Bomb("aliases", _files(aliases), 40_000, 300),
    Bomb("hierarchies", _files(hierarchies), 10_000, 100),
    Bomb("barrels", _files(barrels), 300),
    Bomb("manifests", _files(manifests), 100_000),
    Bomb("tree", _repeated(10, _a_file), 1, 1, fails=True),
    Bomb("empty_tree", _repeated(10, lambda repo: []), 1, 1, fails=True),
    Bomb("deep_folders", deep_folders, 4_000),
    Bomb("long_paths", long_paths, 40_000, 1_000),
    Bomb("flood", flood, 50_000),
    Bomb("tiny_files", tiny_files, 50_000),
    Bomb("ignored", ignored, 300, fails=True),
    Bomb("large_blobs", large_blobs, 400, 16),
    Bomb("large_blobs_by_path", large_blobs, 400, by="path"),
    Bomb("deltas", deltas, 600, fails=True),
    Bomb("zipped_answer", zipped_answer, 4_000, 1_000, fails=True),
)
