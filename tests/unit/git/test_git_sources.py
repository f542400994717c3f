"""What may be named, and what is refused before anything else happens."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kotadb.errors import Forbidden, InvalidRef, InvalidRepository
from kotadb.git.sources import (
    LocalSource,
    RemoteSource,
    looks_local,
    names_server,
    parse_commit,
    parse_local,
    parse_local_below,
    parse_ref,
    parse_remote,
    parse_server,
)
from support.repos import make_repo


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("owner/name", "https://github.com/owner/name"),
        ("owner/name.git", "https://github.com/owner/name"),
        ("owner/name/", "https://github.com/owner/name"),
        ("https://github.com/owner/name", "https://github.com/owner/name"),
        ("https://github.com/owner/name.git", "https://github.com/owner/name"),
        ("https://github.com/owner/name.git/", "https://github.com/owner/name"),
        ("https://github.com/owner/name.git.git", "https://github.com/owner/name"),
        ("HTTPS://GitHub.COM:443/owner/name", "https://github.com/owner/name"),
        ("https://github.com./owner/name", "https://github.com/owner/name"),
        ("https://gitlab.com/group/sub/name", "https://gitlab.com/group/sub/name"),
        ("https://example.org:8443/tools", "https://example.org:8443/tools"),
        ("https://bücher.example/o/n", "https://xn--bcher-kva.example/o/n"),
        ("https://example.org/o/%61%20b", "https://example.org/o/a%20b"),
        ("https://example.org/~user/n", "https://example.org/~user/n"),
        ("https://example.org/ö/n", "https://example.org/%C3%B6/n"),
        ("https://127.0.0.1:8443/o/n", "https://127.0.0.1:8443/o/n"),
        ("https://localhost:8443/o/n", "https://localhost:8443/o/n"),
    ],
)
def test_an_address_has_one_normal_form(text: str, address: str) -> None:
    assert parse_remote(text).address == address


def test_a_remote_source_knows_its_parts() -> None:
    assert parse_remote("https://Example.org:8443/o/n.git") == RemoteSource(
        "https://example.org:8443/o/n", "example.org", 8443, "o/n"
    )


REFUSED = [
    "",
    "name",
    "-u/name",
    "--upload-pack=touch/x",
    "-https://h/o/n",
    "ext::sh -c touch% /tmp/x",
    "ext::sh",
    "fd::17",
    "file:///etc",
    "ssh://git@h/o/n",
    "git@h:o/n",
    "git://h/o/n",
    "http://h/o/n",
    "ftp://h/o/n",
    "https::http://127.0.0.1/",
    "https::https://h/o/n",
    "https:/h/o/n",
    "https:h/o/n",
    "https://",
    "https:///o/n",
    "https://h",
    "https://h/",
    "https://h/.git",
    "https://h//o/n",
    "https://h/o//n",
    "https://h/./n",
    "https://h/o/..",
    "https://h/../n",
    "https://h/%2e%2e/n",
    "https://h/o/.%2e",
    "https://h/o%2fn/x",
    "https://h/o/%5cn",
    "https://h/o/%00n",
    "https://h/o/n%0a",
    "https://user@h/o/n",
    "https://user:secret@h/o/n",
    "https://:@h/o/n",
    "https://h\\@evil/o/n",
    "https://h/o\\n",
    "https://h%2eexample/o/n",
    "https://%31/o/n",
    "https://h\x00/o/n",
    "https://h/o/n\x00",
    "https://h/o/n\n",
    " https://h/o/n",
    "https://h /o/n",
    "https://h/o\u2028/n",
    "https://h/o/\u202en",
    "https://h/o/\ud800",
    "https://h/o/n?x=1",
    "https://h/o/n#x",
    "https://h:/o/n",
    "https://h:0/o/n",
    "https://h:65536/o/n",
    "https://h:x/o/n",
    "https://h:1:2/o/n",
    "https://[::1]/o/n",
    "https://0x7f.1/o/n",
    "https://0x7f000001/o/n",
    "https://2130706433/o/n",
    "https://017700000001/o/n",
    "https://127.1/o/n",
    "https://127.0.0.01/o/n",
    "https://127.0.0.1./o/n",
    "https://256.0.0.1/o/n",
    "https://①②⑦.0.0.1/o/n",
    "https://127。0。0。1/o/n",
    "https://-h/o/n",
    "https://h..x/o/n",
    "https://" + "a" * 64 + "/o/n",
    "https://" + "a." * 128 + "/o/n",
    "https://h/" + "a" * 2048,
    "https://h/" + "ö" * 1000,
]


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_what_is_no_plain_https_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidRepository):
        parse_remote(text)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("git@github.com:owner/name.git", "use https://github.com/owner/name.git"),
        ("ssh://git@example.org:22/owner/name", "use https://example.org/owner/name"),
        ("http://example.org/owner/name", "use https://example.org/owner/name"),
        ("github.com/owner/name", "Use https://github.com/owner/name"),
        ("https://user:secret@h/o/n", "Leave user name and password out"),
        ("file:///srv/x", "on the command line"),
        ("nonsense", "owner/name for a repository on GitHub"),
    ],
)
def test_a_refusal_says_what_to_write(text: str, advice: str) -> None:
    with pytest.raises(InvalidRepository) as caught:
        parse_remote(text)
    assert advice in caught.value.message
    assert "secret" not in caught.value.message


address_like = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}://{}{}/{}".format,
        st.sampled_from(["https", "HTTPS", "http", "https:"]),
        st.one_of(st.text(max_size=20), st.sampled_from(["h", "Ⓖithub.com", "faß.de", "a.b.", "1.2.3.4"])),
        st.sampled_from(["", ":443", ":1", ":"]),
        st.one_of(st.text(max_size=30), st.from_regex(r"[a-z%./~.git-]{1,30}", fullmatch=True)),
    ),
    st.from_regex(r"https://[a-z0-9.-]{1,20}/[\w%.~/]{1,20}", fullmatch=True),
)


@given(address_like)
@example("https://faß.de/o/%7E")
@example("https://h/o/%252e")
def test_a_parser_refuses_or_reaches_a_fixpoint(text: str) -> None:
    try:
        source = parse_remote(text)
    except InvalidRepository:
        return
    assert parse_remote(source.address) == source
    assert source.address.isascii()


# ---- local -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "local"),
    [(".", True), ("./x", True), ("..", True), ("/nowhere", True), ("~/x", True), ("owner/name", False),
     ("https://h/o/n", False), ("here/there", True), ("x\0y", False)],
)  # fmt: skip
def test_a_path_is_told_from_an_address(
    text: str, local: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "there").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert looks_local(text) is local


def test_any_folder_of_a_work_tree_means_the_whole(tmp_path: Path) -> None:
    make_repo(tmp_path / "repo", {"a/b/c.py": ""})
    whole = LocalSource(tmp_path / "repo", "repo")
    for part in ("", "a", "a/b", "a/b/c.py", ".git", ".git/refs", "a/../a"):
        assert parse_local(str(tmp_path / "repo" / part)) == whole
    (tmp_path / "link").symlink_to(tmp_path / "repo" / "a")
    assert parse_local(str(tmp_path / "link")) == whole


def test_linked_work_trees_and_bare_repositories_are_local_sources(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"a.py": ""})
    repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    assert parse_local(str(tmp_path / "linked")).path == tmp_path / "linked"
    assert parse_local(str(tmp_path / "bare.git")) == LocalSource(tmp_path / "bare.git", "bare")


@pytest.mark.parametrize("text", ["", "nowhere", "x\0y", "x\ny", "loop", "plain", "plain/file", "x" * 5000])
def test_what_is_no_repository_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "file").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRepository):
        parse_local(text)


def test_a_pipe_in_the_place_of_a_file_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    os.mkfifo(tmp_path / "x" / ".git")
    with pytest.raises(InvalidRepository):
        parse_local(str(tmp_path / "x"))


def test_below_roots_repositories_are_found(tmp_path: Path) -> None:
    make_repo(tmp_path / "root" / "repo", {"a/b.py": ""})
    assert parse_local_below(str(tmp_path / "root/repo/a"), [tmp_path / "root"]).path == tmp_path / "root/repo"


def test_outside_the_roots_nobody_learns_what_exists(tmp_path: Path) -> None:
    make_repo(tmp_path / "secret", {"a.py": ""})
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "root2").mkdir()
    messages = set()
    for path in ("secret", "nowhere", "root/link", "root/../secret", "root2", "root/../nowhere"):
        with pytest.raises(Forbidden) as caught:
            parse_local_below(str(tmp_path / path), [tmp_path / "root"])
        messages.add(caught.value.message)
    assert len(messages) == 1


def test_without_roots_everything_is_forbidden(tmp_path: Path) -> None:
    with pytest.raises(Forbidden):
        parse_local_below(str(tmp_path), [])


def test_a_root_inside_a_repository_does_not_open_the_repository(tmp_path: Path) -> None:
    make_repo(tmp_path / "repo", {"root/a.py": ""})
    with pytest.raises(Forbidden):
        parse_local_below(str(tmp_path / "repo" / "root"), [tmp_path / "repo" / "root"])


def _gitfile(root: Path, secret: Path) -> None:
    (root / ".git").write_text(f"gitdir: {secret}/.git\n")


def _objects_link(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git" / "objects").rename(root / "old")
    (root / ".git" / "objects").symlink_to(secret / ".git" / "objects")


def _alternates(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git/objects/info").mkdir(exist_ok=True)
    (root / ".git/objects/info/alternates").write_text(f"{secret}/.git/objects\n")


def _commondir(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git" / "commondir").write_text(f"{secret}/.git\n")


def _quoted_alternates(root: Path, secret: Path) -> None:
    _lend(root, f'"{secret}/.git/objects"\n')


def _alternates_far_below(root: Path, secret: Path) -> None:
    _lend(root, "# nothing\n" * 10_000 + f"{secret}/.git/objects\n")


def _many_alternates(root: Path, secret: Path) -> None:
    _lend(root, f"{secret}/.git/objects\n" + "".join(f"{root}/{number}\n" for number in range(100)))


def _lend(root: Path, lines: str) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git/objects/info").mkdir(exist_ok=True)
    (root / ".git/objects/info/alternates").write_text(lines)


def _linked_parts(root: Path, secret: Path) -> None:
    """Folders of objects, one by one."""
    make_repo(root, {"b.py": "b"})
    for folder in (secret / ".git" / "objects").iterdir():
        if not (root / ".git" / "objects" / folder.name).exists():
            (root / ".git" / "objects" / folder.name).symlink_to(folder)


def _linked_pack(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git/objects/pack/pack-x.pack").symlink_to(secret / "pack")


def _linked_branch(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git/refs/heads/x").symlink_to(secret / ".git/refs/heads/main")


def _link_behind_a_link(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / "heads").mkdir()
    (root / "heads" / "x").symlink_to(secret)
    (root / ".git/refs/heads/x").symlink_to(root / "heads")


def _shallow(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git/shallow").symlink_to(secret / "a.py")


@pytest.mark.parametrize(
    "plant",
    [
        _gitfile, _objects_link, _alternates, _commondir, _quoted_alternates, _alternates_far_below, _many_alternates,
        _linked_parts, _linked_pack, _linked_branch, _link_behind_a_link, _shallow,
    ],
)  # fmt: skip
def test_a_repository_below_a_root_may_not_reach_outside(plant: object, tmp_path: Path) -> None:
    make_repo(tmp_path / "secret", {"a.py": ""})
    (tmp_path / "root" / "repo").mkdir(parents=True)
    assert callable(plant)
    plant(tmp_path / "root" / "repo", tmp_path / "secret")
    with pytest.raises(Forbidden):
        parse_local_below(str(tmp_path / "root" / "repo"), [tmp_path / "root"])


def _commondir_with_a_nul(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git" / "commondir").write_text(f"{secret}/.git\0x\n")


def _commondir_with_many_steps(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git" / "commondir").write_text("/" + "./" * 5_000 + f"{secret}/.git\n")


def _objects_of_two_lines(root: Path, secret: Path) -> None:
    """Where one store a line is written, the link's target would be two."""
    _objects_link(root, secret)
    (root / ".git" / "objects").unlink()
    two_lines = root / f"y\n{secret}" / ".git" / "objects"
    two_lines.mkdir(parents=True)
    (root / ".git" / "objects").symlink_to(two_lines)


def _include(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    with (root / ".git" / "config").open("a") as config:
        config.write(f"[Include]\n path = {secret}/a.py\n")


def _pipe_for_a_config(root: Path, secret: Path) -> None:
    make_repo(root, {"a.py": ""})
    (root / ".git" / "config").unlink()
    os.mkfifo(root / ".git" / "config")


@pytest.mark.parametrize(
    "plant",
    [_commondir_with_a_nul, _commondir_with_many_steps, _objects_of_two_lines, _include, _pipe_for_a_config],
)
def test_what_git_would_read_otherwise_than_we_do_is_no_repository_for_callers(plant: object, tmp_path: Path) -> None:
    make_repo(tmp_path / "secret", {"a.py": ""})
    (tmp_path / "root" / "repo").mkdir(parents=True)
    assert callable(plant)
    plant(tmp_path / "root" / "repo", tmp_path / "secret")
    with pytest.raises((Forbidden, InvalidRepository)):
        parse_local_below(str(tmp_path / "root" / "repo"), [tmp_path / "root"])


def test_links_that_stay_inside_and_hooks_are_no_matter(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "root" / "repo", {"a.py": ""})
    repo.git("clone", "-q", "--shared", ".", str(tmp_path / "root" / "borrower"))
    (tmp_path / "root/borrower/.git/refs/heads/x").symlink_to(repo.path / ".git/refs/heads/main")
    (tmp_path / "root/borrower/.git/hooks").mkdir(exist_ok=True)
    (tmp_path / "root/borrower/.git/hooks/pre-commit").symlink_to("/bin/true")
    borrower = tmp_path / "root" / "borrower"
    assert parse_local_below(str(borrower), [tmp_path / "root"]).path == borrower


def test_a_name_of_two_lines_is_no_place_for_a_repository(tmp_path: Path) -> None:
    """Where one folder a line is written, it would be two."""
    make_repo(tmp_path / "x\ny", {"a.py": ""})
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / ".git").write_text("gitdir: ../x\ny/.git\n")
    with pytest.raises(InvalidRepository):
        parse_local(str(tmp_path / "repo"))


# ---- refs and commits ------------------------------------------------------------------------------------------------

REFS = [
    "HEAD", "main", "feature/x", "refs/heads/main", "v1.0", "ü", "a-b", "tag", "+x", "a@b", "{x", "x.lock.y",
    "", "-x", "--upload-pack=x", "a..b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a b", "a\tb", "a\nb", "a\x7fb",
    "/a", "a/", "a//b", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "@", "@{-1}", "a@{1}", "refs/heads/.x",
]  # fmt: skip


@pytest.mark.parametrize("ref", REFS, ids=ascii)
def test_refs_are_judged_as_git_judges_them(ref: str) -> None:
    git = subprocess.run(["git", "check-ref-format", "--allow-onelevel", ref], check=False, capture_output=True)
    if git.returncode == 0 and not ref.startswith("-"):
        assert parse_ref(ref) == ref
    else:
        with pytest.raises(InvalidRef):
            parse_ref(ref)


@pytest.mark.parametrize("ref", ["a" * 513, "x\ud800", "x\x00y", "0" * 40, "F" * 64], ids=ascii)
def test_refs_that_are_none_are_refused(ref: str) -> None:
    with pytest.raises(InvalidRef):
        parse_ref(ref)


def test_a_commit_is_a_full_sha() -> None:
    assert parse_commit("A" * 40) == "a" * 40
    assert parse_commit("0" * 64) == "0" * 64
    for text in ("", "a" * 39, "a" * 41, "g" * 40, "HEAD", "a" * 40 + "\n", "\u0661" * 40):
        with pytest.raises(InvalidRef):
            parse_commit(text)


# ---- whole hosts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("https://example.org", "https://example.org"),
        ("HTTPS://Example.ORG:443/", "https://example.org"),
        ("https://example.org:8443", "https://example.org:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_whole_host_is_named_as_its_repositories_name_it(text: str, server: str) -> None:
    assert names_server(text)
    assert parse_server(text) == server == parse_remote(f"{text.rstrip('/')}/owner/name").server


@pytest.mark.parametrize(
    "text", ["https://h/o", "https://h?x", "http://h", "h", "https://", "https://u:p@h", "https://0x7f"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(InvalidRepository):
        parse_server(text)
