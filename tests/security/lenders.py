"""Hostile repositories on this machine: what they configure, where they lead, what lies in their folders."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from security.raw import SUBMODULE, RawRepo, raw_repo
from security.traps import MODULES_PLAINLY, Build, Control, Hostile, Traps, blob_in, plainly

SOURCE = b"def f():\n    return 1\n"
ATTRIBUTES = b"*.py filter=evil diff=evil\n"

# ---- what git would run for them -------------------------------------------------------------------------------------

HOOKS = ("post-checkout", "post-index-change", "pre-auto-gc", "reference-transaction", "pre-commit", "post-rewrite",
         "pre-receive", "update", "post-update", "push-to-checkout", "fsmonitor-watchman", "post-merge")  # fmt: skip

Lines = tuple[str, str, Control | None]
"""A canary, the configuration that runs it, and what has plain git run it."""


def _control(name: str, *arguments: str, stdin: bytes = b"", on_terminal: bool = False) -> Control:
    return Control(name, plainly(*arguments), stdin, on_terminal)


_LOGIN = b"protocol=https\nhost=nowhere.example\n\n"
_EXT = "[protocol]\n allow = always\n"

CONFIGURATIONS: tuple[Lines, ...] = (
    ("fsmonitor", "[core]\n fsmonitor = {canary}\n", _control("fsmonitor", "status")),
    ("hooks_path", "[core]\n hooksPath = {hooks}\n", _control("hooks_path", "commit", "--allow-empty", "-m", "x")),
    ("ssh_command", "[core]\n sshCommand = {canary}\n", _control("ssh_command", "ls-remote", "ssh://nowhere.example/x")),
    ("git_proxy", "[core]\n gitProxy = {canary}\n", _control("git_proxy", "ls-remote", "git://nowhere.example/x")),
    ("pager", "[core]\n pager = {canary}\n", _control("pager", "log", on_terminal=True)),
    ("editor", "[core]\n editor = {canary}\n", _control("editor", "commit", "--allow-empty")),
    ("ask_pass", "[core]\n askPass = {canary}\n", _control("ask_pass", "credential", "fill", stdin=_LOGIN)),
    ("credential", "[credential]\n helper = !{canary}\n", _control("credential", "credential", "fill", stdin=_LOGIN)),
    ("external_diff", "[diff]\n external = {canary}\n", _control("external_diff", "diff", "HEAD")),
    ("textconv", '[diff "evil"]\n textconv = {canary}\n', _control("textconv", "diff", "HEAD")),
    ("clean", '[filter "evil"]\n clean = {canary}\n required\n', _control("clean", "add", "a.py")),
    ("smudge", '[filter "evil"]\n smudge = {canary}\n', _control("smudge", "checkout", "-f", "HEAD", "--", "a.py")),
    ("process", '[filter "evil"]\n process = {canary}\n', _control("process", "add", "a.py")),
    ("alias", "[alias]\n fetch = !{canary}\n upload-pack = !{canary}\n evil = !{canary}\n", _control("alias", "evil")),
    ("include", "[include]\n path = {included}\n", _control("include", "status")),
    ("include_if", '[includeIf "gitdir:**"]\n path = {included}\n', _control("include_if", "status")),
    ("instead_of", _EXT + '[url "ext::{canary} "]\n insteadOf = https://\n insteadOf = file://\n',
     _control("instead_of", "ls-remote", "https://nowhere.example/x")),
    ("remote_upload_pack", '[remote "origin"]\n url = .\n uploadpack = {canary}\n',
     _control("remote_upload_pack", "ls-remote", "origin")),
    ("archiver", '[tar "evil"]\n command = {canary}\n', _control("archiver", "archive", "--format=evil", "HEAD")),
    ("pack_objects_hook", "[uploadpack]\n packObjectsHook = {canary}\n", None),
    ("gc", "[gc]\n auto = 1\n recentObjectsHook = {canary}\n", None),
)  # fmt: skip


def _configured(name: str, lines: str) -> Build:
    def build(repo: RawRepo, traps: Traps) -> None:
        canary = traps.canary(name)
        hooks, included = traps.canaries / f"{name}.hooks", traps.outside / f"{name}.config"
        hooks.mkdir()
        for hook in HOOKS:
            (hooks / hook).symlink_to(canary)
        included.write_text(f"[core]\n fsmonitor = {canary}\n")
        _modified(repo)
        repo.configure(lines.format(canary=canary, hooks=hooks, included=included))

    return build


def _modified(repo: RawRepo) -> None:
    """A work tree that differs from its commit, so that git has reasons to look."""
    repo.checked_out({"a.py": SOURCE, ".gitattributes": ATTRIBUTES})
    (repo.path / "a.py").write_bytes(b"changed = 1\n")


def hooks(repo: RawRepo, traps: Traps) -> None:
    _modified(repo)
    (repo.git_dir / "hooks").mkdir()
    for hook in HOOKS:
        (repo.git_dir / "hooks" / hook).symlink_to(traps.canary(hook))


_HOOK_CONTROLS = (
    _control("post-checkout", "checkout", "-f", "-q", "HEAD"),
    _control("post-index-change", "add", "a.py"),
    _control("reference-transaction", "update-ref", "refs/heads/x", "HEAD"),
    _control("pre-commit", "commit", "--allow-empty", "-m", "x"),
)


def promisor(repo: RawRepo, traps: Traps) -> None:
    """What is missing would be fetched when it is read, by a program that the repository names."""
    repo.checked_out({"a.py": SOURCE})
    missing = "1234" * 10
    repo.commit(repo.tree([(b"40000", b"gone", missing), (b"100644", b"a.py", repo.blob(SOURCE))]))
    repo.configure(
        "[core]\n repositoryformatversion = 1\n[extensions]\n partialClone = origin\n"
        f'[remote "origin"]\n url = ext::{traps.canary("promisor")}\n promisor = true\n' + _EXT
    )


def signed(repo: RawRepo, traps: Traps) -> None:
    signature = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n"
    repo.commit(repo.tree([(b"100644", b"a.py", repo.blob(SOURCE))]), head=signature)
    repo.configure(f"[gpg]\n program = {traps.canary('signed')}\n[log]\n showSignature = true\n")


def alternate_refs(repo: RawRepo, traps: Traps) -> None:
    """git asks repositories that are borrowed from for their refs, by a program that the borrower names."""
    lender = raw_repo(repo.path.with_name(f"{repo.path.name}-lender"))
    lender.files({"a.py": SOURCE})
    newer = raw_repo(repo.path.with_name(f"{repo.path.name}-newer"))
    newer.files({"b.py": SOURCE})
    repo.point((lender.git_dir / "refs/heads/main").read_text().strip())
    _borrow(repo, f"{lender.git_dir}/objects\n")
    repo.configure(f"[core]\n alternateRefsCommand = {traps.canary('alternate_refs')}\n")


def submodule_program(repo: RawRepo, traps: Traps) -> None:
    lender = raw_repo(repo.path.with_name(f"{repo.path.name}-lender"))
    commit = lender.files({"a.py": SOURCE})
    modules = f'[submodule "x"]\n path = x\n url = {lender.path}\n'
    repo.commit(repo.tree([(SUBMODULE, b"x", commit), (b"100644", b".gitmodules", repo.blob(modules.encode()))]))
    update = (
        f'[submodule "x"]\n active = true\n url = {lender.path}\n update = "!{traps.canary("submodule_program")}"\n'
    )
    repo.configure(update + "[submodule]\n recurse = true\n")


# ---- where they lead -------------------------------------------------------------------------------------------------


def _borrow(repo: RawRepo, lines: str) -> None:
    (repo.git_dir / "objects" / "info").mkdir(exist_ok=True)
    (repo.git_dir / "objects" / "info" / "alternates").write_text(lines)


def _thief(repo: RawRepo, traps: Traps, path: str = "loose.py") -> None:
    """A commit with a file whose content is only in the vault."""
    repo.commit(repo.tree([(b"100644", b"stolen.py", blob_in(traps.vault, path))]))


def _borrowing(lines: str) -> Build:
    def build(repo: RawRepo, traps: Traps) -> None:
        _thief(repo, traps)
        _borrow(repo, lines.format(vault=traps.vault.git_dir / "objects", roots=traps.roots))

    return build


def nested_alternates(repo: RawRepo, traps: Traps) -> None:
    """Borrows from one that borrows from the vault."""
    middle = raw_repo(repo.path.with_name(f"{repo.path.name}-middle"))
    _borrow(middle, f"{traps.vault.git_dir}/objects\n")
    _thief(repo, traps)
    _borrow(repo, f"{middle.git_dir}/objects\n")


def _linked(part: str, path: str = "loose.py") -> Build:
    """This part of the repository is the vault's."""

    def build(repo: RawRepo, traps: Traps) -> None:
        _thief(repo, traps, path)
        here, there = repo.git_dir / part, traps.vault.git_dir / part
        if here.is_dir():
            shutil.rmtree(here)
        else:
            here.unlink(missing_ok=True)
        here.parent.mkdir(parents=True, exist_ok=True)
        here.symlink_to(there)

    return build


def linked_packs(repo: RawRepo, traps: Traps) -> None:
    _thief(repo, traps, "packed.py")
    for file in (traps.vault.git_dir / "objects" / "pack").iterdir():
        (repo.git_dir / "objects" / "pack").mkdir(exist_ok=True)
        (repo.git_dir / "objects" / "pack" / file.name).symlink_to(file)


def _linked_object(whole_folder: bool) -> Build:
    def build(repo: RawRepo, traps: Traps) -> None:
        sha = blob_in(traps.vault, "loose.py")
        _thief(repo, traps)
        part = f"objects/{sha[:2]}" if whole_folder else f"objects/{sha[:2]}/{sha[2:]}"
        here = repo.git_dir / part
        if whole_folder and here.is_dir():  # an object of its own happens to be there
            for file in here.iterdir():
                shutil.move(file, traps.vault.git_dir / part)
            here.rmdir()
        here.parent.mkdir(exist_ok=True)
        here.symlink_to(traps.vault.git_dir / part)

    return build


def git_file(repo: RawRepo, traps: Traps) -> None:
    shutil.rmtree(repo.git_dir)
    (repo.path / ".git").write_text(f"gitdir: {traps.vault.git_dir}\n")


def git_link(repo: RawRepo, traps: Traps) -> None:
    shutil.rmtree(repo.git_dir)
    (repo.path / ".git").symlink_to(traps.vault.git_dir)


def work_tree_link(repo: RawRepo, traps: Traps) -> None:
    shutil.rmtree(repo.path)
    repo.path.symlink_to(traps.vault.path)


def common_dir(repo: RawRepo, traps: Traps) -> None:
    (repo.git_dir / "commondir").write_text(f"{traps.vault.git_dir}\n")


def two_lines(repo: RawRepo, traps: Traps) -> None:
    """A folder whose name, in a list of one folder a line, is two: the second is the vault's."""
    _thief(repo, traps)
    inner = Path(f"{repo.path}-two\n{traps.vault.git_dir}")
    inner.parent.mkdir(parents=True)
    shutil.move(repo.git_dir, inner)
    (repo.path / ".git").write_text(f"gitdir: {inner}\n")


def sibling(repo: RawRepo, traps: Traps) -> None:
    """No repository to git, which goes on to look beside it."""
    (repo.git_dir / "HEAD").write_text("nothing\n")
    repo.path.with_name(f"{repo.path.name}.git").symlink_to(traps.vault.git_dir)


def carriage_return(repo: RawRepo, traps: Traps) -> None:
    """The end of a line of which git takes more off."""
    _thief(repo, traps)
    inner = Path(f"{repo.path}-inner\r")
    shutil.move(repo.git_dir, inner)
    Path(f"{repo.path}-inner").symlink_to(traps.vault.git_dir)
    (repo.path / ".git").write_bytes(b"gitdir: %s\n" % bytes(inner))


def work_tree_outside(repo: RawRepo, traps: Traps) -> None:
    repo.files({"secret.txt": b"nothing\n"})
    repo.configure(f"[core]\n worktree = {traps.outside}\n")


def head_elsewhere(repo: RawRepo, traps: Traps) -> None:
    repo.files({"a.py": SOURCE})
    climb = os.path.relpath(traps.vault.git_dir / "refs/heads/main", repo.git_dir / "refs")
    (repo.git_dir / "HEAD").write_text(f"ref: refs/{climb}\n")


def _pointing(part: str, what: Callable[[Traps], str]) -> Build:
    """A link at this part of a good repository."""

    def build(repo: RawRepo, traps: Traps) -> None:
        repo.files({"a.py": SOURCE})
        here = repo.git_dir / part
        here.parent.mkdir(parents=True, exist_ok=True)
        here.unlink(missing_ok=True)
        here.symlink_to(what(traps))

    return build


def _secret(traps: Traps) -> str:
    return str(traps.secret)


def pipe_for_head(repo: RawRepo, traps: Traps) -> None:
    """Whoever opens it waits for somebody who writes."""
    repo.files({"a.py": SOURCE})
    (repo.git_dir / "HEAD").unlink()
    os.mkfifo(repo.git_dir / "HEAD")


def replaced(repo: RawRepo, traps: Traps) -> None:
    """git would read another object for the one that is named."""
    sha = repo.blob(SOURCE)
    other = repo.blob(b"replaced = True\n")
    repo.commit(repo.tree([(b"100644", b"a.py", sha)]))
    repo.point(other, f"refs/replace/{sha}")


def grafted(repo: RawRepo, traps: Traps) -> None:
    commit = repo.files({"a.py": SOURCE})
    (repo.git_dir / "info").mkdir()
    (repo.git_dir / "info" / "grafts").write_text(f"{commit} {'5' * 40}\n")
    (repo.git_dir / "shallow").write_text("not a commit\n" * 1000)


def wrong_blob(repo: RawRepo, traps: Traps) -> None:
    sha = repo.blob(SOURCE)
    repo.commit(repo.tree([(b"100644", b"a.py", sha)]))
    repo.put(b"blob", b"forged = True\n", sha)


# ---- what is run when a program is started inside of them ------------------------------------------------------------

_MODULES = ("kotadb/__init__.py", "json.py", "asyncio.py", "sitecustomize.py", "usercustomize.py", "conftest.py",
            "setup.py", "psycopg.py", "tree_sitter.py", "typing.py")  # fmt: skip


def inside(repo: RawRepo, traps: Traps) -> None:
    """Everything that a Python, a make or a shell might pick up from the folder in which it is started."""
    files = {name: traps.trace(name.replace("/", "-")).encode() for name in _MODULES}
    files["kotadb/jobs/worker.py"] = traps.trace("worker").encode()
    files["pyvenv.cfg"] = b"home = .\n"
    files["Makefile"] = f"all:\n\ttouch '{traps.canaries}/make.fired'\n".encode()
    files[".envrc"] = f"touch '{traps.canaries}/envrc.fired'\n".encode()
    files[".env"] = f"DATABASE_URL=host={traps.folder}\nKOTADB_TEMP_DIR={traps.outside}/tmp\n".encode()
    files["pyproject.toml"] = b'[tool.kotadb]\nroots = ["../../outside"]\n'
    repo.checked_out(files)


_INSIDE_CONTROLS = (
    Control("kotadb-__init__.py", ("python3", "-m", "kotadb")),
    Control("json.py", ("python3", "-c", "import json")),
    Control("make", ("make",)),
    Control("setup.py", ("python3", "setup.py")),
)

LENDERS: tuple[Hostile, ...] = (
    *(Hostile(name, _configured(name, lines), "path", (control,) if control else ())
      for name, lines, control in CONFIGURATIONS),
    Hostile("hooks", hooks, "path", _HOOK_CONTROLS),
    Hostile("promisor", promisor, "path", (_control("promisor", "ls-tree", "-r", "HEAD"),)),
    Hostile("signed", signed, "path", (_control("signed", "verify-commit", "HEAD"),)),
    Hostile("alternate_refs", alternate_refs, "path",
            (_control("alternate_refs", "fetch", "-q", "{path}-newer", "main"),)),
    Hostile("submodule_program", submodule_program, "path",
            (Control("submodule_program", MODULES_PLAINLY),)),
    Hostile("alternates", _borrowing("{vault}\n"), "path"),
    Hostile("alternates_quoted", _borrowing('"{vault}"\n'), "path"),
    Hostile("alternates_behind_comments", _borrowing("# nothing here\n" * 1000 + "{vault}\n"), "path"),
    Hostile("alternates_many", _borrowing("".join(f"{{roots}}/{n}\n" for n in range(100)) + "{vault}\n"), "path"),
    Hostile("alternates_nested", nested_alternates, "path"),
    Hostile("objects_link", _linked("objects"), "path"),
    Hostile("pack_link", _linked("objects/pack", "packed.py"), "path"),
    Hostile("packs_linked", linked_packs, "path"),
    Hostile("object_folder_link", _linked_object(whole_folder=True), "path"),
    Hostile("object_link", _linked_object(whole_folder=False), "path"),
    Hostile("refs_link", _linked("refs"), "path"),
    Hostile("heads_link", _linked("refs/heads"), "path"),
    Hostile("ref_link", _linked("refs/heads/main"), "path"),
    Hostile("head_link", _linked("HEAD"), "path"),
    Hostile("config_link", _linked("config"), "path"),
    Hostile("git_file", git_file, "path"),
    Hostile("git_link", git_link, "path"),
    Hostile("work_tree_link", work_tree_link, "path"),
    Hostile("common_dir", common_dir, "path"),
    Hostile("two_lines", two_lines, "path"),
    Hostile("sibling", sibling, "path"),
    Hostile("carriage_return", carriage_return, "path"),
    Hostile("work_tree_outside", work_tree_outside, "path"),
    Hostile("head_elsewhere", head_elsewhere, "path"),
    Hostile("shallow_link", _pointing("shallow", _secret), "path"),
    Hostile("grafts_link", _pointing("info/grafts", _secret), "path"),
    Hostile("packed_refs_link", _pointing("packed-refs", _secret), "path"),
    Hostile("alternates_link", _pointing("objects/info/alternates", _secret), "path"),
    Hostile("pipe_for_head", pipe_for_head, "path", is_slow=True),
    Hostile("replaced", replaced, "path"),
    Hostile("grafted", grafted, "path"),
    Hostile("wrong_blob", wrong_blob, "path"),
    Hostile("inside", inside, "command", _INSIDE_CONTROLS),
)  # fmt: skip
