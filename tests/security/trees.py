"""Hostile repositories behind https: names, links, manifests, and objects that no git would have written."""

import json

from security.raw import FILE, LINK, SOMEBODY, SUBMODULE, TREE, Entry, RawRepo
from security.traps import MODULES_PLAINLY, Build, Control, Hostile, Traps, blob_in

SOURCE = b"def f():\n    return 1\n"
FORGED = b'\n{"event": "job completed", "level": "info", "forged": true}\n'
"""A line that a log must not have."""


# ---- names -----------------------------------------------------------------------------------------------------------


def _entry(mode: bytes, name: bytes) -> Build:
    """A tree with one entry of this mode and name beside a good one."""

    def build(repo: RawRepo, traps: Traps) -> None:
        sha = repo.blob(b"../outside/secret.txt")
        if mode == TREE:
            sha = repo.tree([(FILE, b"config", sha)])
        repo.commit(repo.tree([(mode, name, sha), (FILE, b"a.py", repo.blob(SOURCE))]))

    return build


_NAMES: dict[str, tuple[bytes, bytes]] = {
    "dot_dot": (TREE, b".."),
    "dot_dot_file": (FILE, b".."),
    "dot": (TREE, b"."),
    "dot_git": (TREE, b".git"),
    "dot_git_upper": (TREE, b".GIT"),
    "dot_git_ntfs": (TREE, b"GIT~1"),
    "dot_git_hfs": (TREE, b".g\xe2\x80\x8cit"),
    "dot_git_stream": (TREE, b".git::$INDEX_ALLOCATION"),
    "dot_git_spaces": (TREE, b".git . ."),
    "absolute": (FILE, b"/etc/x"),
    "slash": (FILE, b"a/b"),
    "backslash": (FILE, b"..\\..\\outside\\secret.txt"),
    "no_name": (FILE, b""),
    "modules_link": (LINK, b".gitmodules"),
    "attributes_link": (LINK, b".gitattributes"),
    "ignore_link": (LINK, b".kotadbignore"),
    "group_writable": (b"100666", b"odd.py"),
    "odd_mode": (b"107777", b"odd.py"),
    "no_mode": (b"0", b"odd.py"),
    "octal_mode": (b"0000100644", b"odd.py"),
    "folder_that_is_a_file": (b"040000", b"odd"),
    "newline": (FILE, b"a" + FORGED.strip() + b".py"),
    "quotes": (FILE, b"'; drop table kotadb.index_jobs; -- \"`$(x)`.py"),
    "escape": (FILE, b"\x1b]0;owned\x07\x1b[2J.py"),
    "invalid_utf8": (FILE, b"\xff\xfe\xed\xa0\x80.py"),
    "right_to_left": (FILE, "\u202egnp.exe\u2066.py".encode()),
    "option": (FILE, b"--upload-pack=x"),
    "long_name": (FILE, b"n" * 5000 + b".py"),
    "tab_and_nul_escape": (FILE, b"\t\\x00\\xff.py"),
}


def same_names(repo: RawRepo, traps: Traps) -> None:
    """A file, a folder and a file again, all of one name."""
    one, two = repo.blob(SOURCE), repo.blob(b"other = 1\n")
    entries: list[Entry] = [(FILE, b"a.py", one), (FILE, b"a.py", two), (TREE, b"a.py", repo.tree([(FILE, b"b", one)]))]
    repo.commit(repo.raw_tree(entries))


def unsorted(repo: RawRepo, traps: Traps) -> None:
    repo.commit(repo.raw_tree([(FILE, b"z.py", repo.blob(SOURCE)), (FILE, b"a.py", repo.blob(SOURCE))]))


def file_as_folder(repo: RawRepo, traps: Traps) -> None:
    repo.commit(repo.tree([(TREE, b"folder", repo.blob(SOURCE))]))


def folder_as_file(repo: RawRepo, traps: Traps) -> None:
    repo.commit(repo.tree([(FILE, b"a.py", repo.tree([(FILE, b"b.py", repo.blob(SOURCE))]))]))


def cut_tree(repo: RawRepo, traps: Traps) -> None:
    tree = repo.put(b"tree", b"100644 a.py\0" + b"\x12" * 7)
    repo.commit(tree)


def nowhere(repo: RawRepo, traps: Traps) -> None:
    """Entries that name the object of zeros."""
    repo.commit(repo.tree([(FILE, b"a.py", "0" * 40), (SUBMODULE, b"b", "0" * 40)]))


def deep(repo: RawRepo, traps: Traps) -> None:
    """5,000 folders, one in the other."""
    tree = repo.tree([(FILE, b"a.py", repo.blob(SOURCE))])
    for _ in range(5_000):
        tree = repo.tree([(TREE, b"d", tree)])
    repo.commit(tree)


# ---- links and modules -----------------------------------------------------------------------------------------------


def links(repo: RawRepo, traps: Traps) -> None:
    """Links to a file of the server's, straight and through others, under names that are read with attention."""
    secret = str(traps.secret)
    targets = {
        b"absolute.py": secret, b"relative.py": "../" * 40 + secret[1:], b"folder": str(traps.outside),
        b"through.py": "folder/secret.txt", b"proc.py": "/proc/self/environ", b"tsconfig.json": secret,
        b"package.json": secret, b"pyproject.toml": secret, b".kotadbignore": secret, b"round.py": "round.py",
    }  # fmt: skip
    entries: list[Entry] = [(LINK, name, repo.blob(target.encode())) for name, target in targets.items()]
    repo.commit(repo.tree([*entries, (FILE, b"a.py", repo.blob(b"import absolute, through\n"))]))


def _with_module(url: str, path: str = "x") -> Build:
    """A submodule of this address."""

    def build(repo: RawRepo, traps: Traps) -> None:
        named = url.format(canary=traps.canary("module_url"), vault=traps.vault.path, lure=traps.lure("module"))
        modules = f'[submodule "x"]\n\tpath = {path}\n\turl = {named}\n\tfetchRecurseSubmodules = true\n'.encode()
        commit = "7" * 40
        repo.commit(repo.tree([(SUBMODULE, b"x", commit), (FILE, b".gitmodules", repo.blob(modules))]))

    return build


def large_file_storage(repo: RawRepo, traps: Traps) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    repo.files({
        "a.bin": pointer, "b.py": pointer, ".lfsconfig": f"[lfs]\n\turl = {traps.lure('storage')}\n".encode(),
        ".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs\n",
    })  # fmt: skip


# ---- manifests -------------------------------------------------------------------------------------------------------


def manifests(repo: RawRepo, traps: Traps) -> None:
    """Whatever says where modules are leads out of the repository."""
    up, secret = "../" * 30, str(traps.secret)
    files = {
        "tsconfig.json": {"extends": up + secret[1:], "compilerOptions": {"paths": {"*": [up + "*", "/*"]}}},
        "a/tsconfig.json": {"extends": secret, "compilerOptions": {"baseUrl": "/", "rootDirs": ["/", up]}},
        "b/jsconfig.json": {"extends": ["./" + up + secret[1:]], "compilerOptions": {"paths": {"x": [secret]}}},
        "package.json": {"main": up + secret[1:], "workspaces": [up + "*", str(traps.outside)], "name": up,
                         "exports": {"./*": up + "*"}, "imports": {"#x": secret}},
        "deno.json": {"imports": {"x": secret, "y/": up}},
    }  # fmt: skip
    sources = {
        "a.ts": f'import x from "{secret}"; import y from "{up}{secret[1:]}"; import z from "#x";\n',
        "a/b.ts": 'import x from "x"; import z from "outside/secret.txt"; require("/etc/passwd");\n',
        "p.py": f"from {'.' * 50}outside import secret\nimport outside.secret\n",
        "pyproject.toml": f'[tool.setuptools.packages.find]\nwhere = ["{up}", "{traps.outside}"]\n',
        "setup.cfg": f"[options.packages.find]\nwhere = {traps.outside}\n",
    }
    texts = {path: json.dumps(value).encode() for path, value in files.items()}
    repo.files(texts | {path: text.encode() for path, text in sources.items()})


def ignore_patterns(repo: RawRepo, traps: Traps) -> None:
    """Patterns that a backtracking matcher never ends on."""
    lines = ["*a" * 60 + "*b", "(a+)+$", "[" * 2000, "**/" * 200 + "x", "a**" * 200, "\\", "!", "/", "[!", "?" * 3000]
    name = "a" * 200
    repo.files({".kotadbignore": "\n".join(lines).encode(), f"{name}.py": SOURCE, f"{name}/{name}/{name}.py": SOURCE})


# ---- commits, tags and refs ------------------------------------------------------------------------------------------


def _good_tree(repo: RawRepo) -> str:
    return repo.tree([(FILE, b"a.py", repo.blob(SOURCE))])


def odd_commit(repo: RawRepo, traps: Traps) -> None:
    head = b"encoding \xff\x1b[31m" + b"\nmergetag object " + b"1" * 40 + b"\n type x"
    repo.commit(_good_tree(repo), head=head + b"\n", message=b"\xff\x1b[31m" + FORGED)


def commit_with_nul(repo: RawRepo, traps: Traps) -> None:
    repo.commit(_good_tree(repo), message=b"\x00" + FORGED)


def giant_commit(repo: RawRepo, traps: Traps) -> None:
    repo.commit(_good_tree(repo), head=b"x-giant " + b"y" * 8_000_000 + b"\n", message=b"z" * 8_000_000)


def commit_without_tree(repo: RawRepo, traps: Traps) -> None:
    repo.commit("9" * 40)


def commit_without_author(repo: RawRepo, traps: Traps) -> None:
    repo.point(repo.put(b"commit", b"tree %s\n\n" % _good_tree(repo).encode()))


def commit_with_bad_dates(repo: RawRepo, traps: Traps) -> None:
    tree = _good_tree(repo).encode()
    somebody = b"<\x00> 99999999999999999999999 +99999"
    repo.point(repo.put(b"commit", b"tree %s\nauthor %s\ncommitter %s\n\n" % (tree, somebody, SOMEBODY)))


def tags(repo: RawRepo, traps: Traps) -> None:
    """A thousand tags, one on the other, on a commit."""
    sha = repo.tag(repo.commit(_good_tree(repo)), b"commit")
    for _ in range(1_000):
        sha = repo.tag(sha, b"tag")
    (repo.git_dir / "HEAD").write_text("ref: refs/tags/many\n")
    repo.point(sha, "refs/tags/many")


def head_is_a_blob(repo: RawRepo, traps: Traps) -> None:
    (repo.git_dir / "HEAD").write_text("ref: refs/tags/blob\n")
    repo.point(repo.blob(SOURCE), "refs/tags/blob")


def odd_refs(repo: RawRepo, traps: Traps) -> None:
    commit = repo.files({"a.py": SOURCE})
    for name in ("-x", "a;b", "$(x)", "`x`", "\u202ex", "--upload-pack=x", "HEAD", "refs", "f" * 200):
        repo.point(commit, f"refs/heads/{name}")
    (repo.git_dir / "HEAD").write_text("ref: refs/heads/--upload-pack=x\n")


def many_refs(repo: RawRepo, traps: Traps) -> None:
    commit = repo.files({"a.py": SOURCE})
    (repo.git_dir / "packed-refs").write_text("".join(f"{commit} refs/tags/t{n:06}\n" for n in range(50_000)))


def damaged(repo: RawRepo, traps: Traps) -> None:
    sha = repo.blob(SOURCE)
    repo.commit(repo.tree([(FILE, b"a.py", sha)]))
    (repo.git_dir / "objects" / sha[:2] / sha[2:]).write_bytes(b"x\x9c\xff\xff\xff")


def unknown_blob(repo: RawRepo, traps: Traps) -> None:
    """It names what is only in a repository of the server's own."""
    repo.commit(repo.tree([(FILE, b"stolen.py", blob_in(traps.vault, "loose.py"))]))


TREES: tuple[Hostile, ...] = (
    *(Hostile(f"name_{name}", _entry(*entry)) for name, entry in _NAMES.items()),
    Hostile("same_names", same_names),
    Hostile("unsorted", unsorted),
    Hostile("file_as_folder", file_as_folder),
    Hostile("folder_as_file", folder_as_file),
    Hostile("cut_tree", cut_tree),
    Hostile("nowhere", nowhere),
    Hostile("deep", deep, is_slow=True),
    Hostile("links", links),
    Hostile("module_program", _with_module("ext::{canary} x"), controls=(Control("module_url", MODULES_PLAINLY),)),
    Hostile("module_option", _with_module("-u{canary}")),
    Hostile("module_file", _with_module("file://{vault}")),
    Hostile("module_lure", _with_module("{lure}")),
    Hostile("module_path", _with_module("{lure}", "../../x")),
    Hostile("module_git_path", _with_module("{lure}", ".git/hooks")),
    Hostile("large_file_storage", large_file_storage),
    Hostile("manifests", manifests),
    Hostile("ignore_patterns", ignore_patterns),
    Hostile("odd_commit", odd_commit),
    Hostile("commit_with_nul", commit_with_nul),
    Hostile("giant_commit", giant_commit, is_slow=True),
    Hostile("commit_without_tree", commit_without_tree),
    Hostile("commit_without_author", commit_without_author),
    Hostile("commit_with_bad_dates", commit_with_bad_dates),
    Hostile("tags", tags),
    Hostile("head_is_a_blob", head_is_a_blob),
    Hostile("odd_refs", odd_refs),
    Hostile("many_refs", many_refs, is_slow=True),
    Hostile("damaged", damaged),
    Hostile("unknown_blob", unknown_blob),
)
