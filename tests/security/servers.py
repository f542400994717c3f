"""Git servers that lie, lure, or never end, behind the loopback one. Each speaks for one repository of its own."""

import random
from collections.abc import Callable, Iterator

from security.raw import FILE, RawRepo, name_of, pack_of, packed, packed_delta, raw_repo, tree_content
from security.traps import Build, Hostile, Traps
from security.trees import FORGED, SOURCE
from support.git_server import Answer

ADVERTISEMENT = "application/x-git-upload-pack-advertisement"
RESULT = "application/x-git-upload-pack-result"
FLUSH, DELIMITER = b"0000", b"0001"
PACK, PROGRESS, FATAL = b"\x01", b"\x02", b"\x03"
"""What a packet of the stream with the pack is about."""

Speak = Callable[[RawRepo, Traps, str], bytes | Callable[[], Iterator[bytes]]]
"""What a server answers to the fetch of this commit."""


def packet(content: bytes) -> bytes:
    return b"%04x%s" % (len(content) + 4, content)


def packets(kind: bytes, content: bytes) -> bytes:
    """The content in packets of one kind."""
    return b"".join(packet(kind + content[at : at + 60_000]) for at in range(0, len(content), 60_000))


def pack_answer(commit: str, content: bytes) -> bytes:
    """The answer to a fetch: this pack."""
    shallow = packet(b"shallow-info\n") + packet(b"shallow %s\n" % commit.encode()) + DELIMITER
    return shallow + packet(b"packfile\n") + packets(PACK, content) + FLUSH


def _name(repo: RawRepo) -> str:
    return f"/{repo.path.name}/"


def _good(repo: RawRepo) -> str:
    return repo.files({"a.py": SOURCE})


# ---- answers to everything -------------------------------------------------------------------------------------------


def _answering(status: int, headers: dict[str, str], body: bytes = b"") -> Build:
    """`{lure}` in a header is an address that must not be asked for."""

    def build(repo: RawRepo, traps: Traps) -> None:
        _good(repo)
        lure = traps.lure(repo.path.name)
        given = {
            name: value.format(lure=lure, plain=lure.replace("https:", "http:")) for name, value in headers.items()
        }
        traps.git.answer(_name(repo), status, given, body)

    return build


def alternates_over_http(repo: RawRepo, traps: Traps) -> None:
    """The old protocol of plain files, in which a server can name other servers."""
    commit = _good(repo)
    traps.git.answer(f"{_name(repo)}info/refs", 200, {"Content-Type": "text/plain"},
                     f"{commit}\trefs/heads/main\n".encode())  # fmt: skip
    traps.git.answer(f"{_name(repo)}HEAD", 200, {}, b"ref: refs/heads/main\n")
    for name in ("http-alternates", "alternates"):
        traps.git.answer(f"{_name(repo)}objects/info/{name}", 200, {}, f"{traps.lure('alternates')}\n".encode())


def long_ref(repo: RawRepo, traps: Traps) -> None:
    line = f"{_good(repo)}\trefs/heads/{'x' * 10_000_000}\n".encode()
    traps.git.answer(f"{_name(repo)}info/refs", 200, {"Content-Type": "text/plain"}, line)


def capabilities(repo: RawRepo, traps: Traps) -> None:
    """It offers whatever there is, with more places to fetch from."""
    _good(repo)
    lines = [
        b"version 2\n", b"agent=x/\x1b[31m1\n", b"ls-refs=unborn\n", b"bundle-uri\n", b"object-format=sha1\n",
        b"fetch=shallow wait-for-done filter packfile-uris\n",
        f"promisor-remote=name=x,url={traps.lure('promisor')}\n".encode(),
    ]  # fmt: skip
    body = packet(b"# service=git-upload-pack\n") + FLUSH + b"".join(map(packet, lines)) + FLUSH
    bundle = packet(b"bundle.version=1") + packet(f"bundle.x.uri={traps.lure('bundle')}".encode()) + FLUSH
    traps.git.answer(f"{_name(repo)}info/refs", 200, {"Content-Type": ADVERTISEMENT}, body)
    traps.git.answer_by(
        f"{_name(repo)}git-upload-pack",
        lambda asked: Answer(200, {"Content-Type": RESULT}, bundle) if b"command=bundle-uri" in asked else None,
    )


# ---- answers to the look at its refs ---------------------------------------------------------------------------------


def _listing(lines: Callable[[str], bytes | Callable[[], Iterator[bytes]]]) -> Build:
    def build(repo: RawRepo, traps: Traps) -> None:
        commit = _good(repo)
        answer = Answer(200, {"Content-Type": RESULT}, lines(commit))
        traps.git.answer_by(
            f"{_name(repo)}git-upload-pack", lambda asked: answer if b"command=ls-refs" in asked else None
        )

    return build


def _odd_head(commit: str) -> bytes:
    return packet(b"%s HEAD symref-target:refs/heads/\x1b[31m\x07%s\n" % (commit.encode(), FORGED)) + FLUSH


def _no_object(commit: str) -> bytes:
    return packet(b"%s HEAD\n" % (b"z" * 40)) + FLUSH


def _other_commit(commit: str) -> bytes:
    return packet(b"%s HEAD symref-target:refs/heads/main\n" % (b"3" * 40)) + FLUSH


def _error(commit: str) -> bytes:
    return packet(b"ERR \x1b[31mowned\r\n" + FORGED) + FLUSH


def _endless_refs(commit: str) -> Callable[[], Iterator[bytes]]:
    def lines() -> Iterator[bytes]:
        many = b"".join(packet(b"%s refs/heads/%d\n" % (commit.encode(), n)) for n in range(1000))
        while True:
            yield many

    return lines


# ---- answers to the fetch --------------------------------------------------------------------------------------------


def _fetching(speak: Speak) -> Build:
    def build(repo: RawRepo, traps: Traps) -> None:
        answer = Answer(200, {"Content-Type": RESULT}, speak(repo, traps, _good(repo)))
        traps.git.answer_by(
            f"{_name(repo)}git-upload-pack", lambda asked: answer if b"command=fetch" in asked else None
        )

    return build


def _progress(repo: RawRepo, traps: Traps, commit: str) -> bytes:
    """Words for a terminal, words that mean something to whoever reads errors, and then the end."""
    words = b"\x1b]0;owned\x07\x1b[2J\r\nfatal: No space left on device\nHTTP 503\n" + FORGED
    start = packet(b"shallow-info\n") + packet(b"shallow %s\n" % commit.encode()) + DELIMITER + packet(b"packfile\n")
    return start + packets(PROGRESS, words) + packets(FATAL, b"\x1b[31mgoodbye" + FORGED) + FLUSH


def _endless_progress(repo: RawRepo, traps: Traps, commit: str) -> Callable[[], Iterator[bytes]]:
    def lines() -> Iterator[bytes]:
        yield packet(b"shallow-info\n") + packet(b"shallow %s\n" % commit.encode()) + DELIMITER + packet(b"packfile\n")
        while True:
            yield packets(PROGRESS, b"counting\r\x1b[31m" * 4000)

    return lines


def _endless_pack(repo: RawRepo, traps: Traps, commit: str) -> Callable[[], Iterator[bytes]]:
    """One object of a terabyte, which does not compress."""
    block = b"\x00\xff\xff\x00\x00" + random.Random(1).randbytes(65_535)
    size = b"\xb0" + b"\x80\x80\x80\x80\x80\x02"

    def pieces() -> Iterator[bytes]:
        yield pack_answer(commit, b"PACK\0\0\0\x02\0\0\0\x01" + size + b"\x78\x01")[: -len(FLUSH)]
        while True:
            yield packets(PACK, block)

    return pieces


def _other_objects(repo: RawRepo, traps: Traps, commit: str) -> bytes:
    """A good pack, of something else."""
    blob = b"forged = True\n"
    tree = tree_content([(FILE, b"a.py", name_of(b"blob", blob))])
    return pack_answer(commit, pack_of([packed(b"blob", blob), packed(b"tree", tree)]))


def _delta_circle(repo: RawRepo, traps: Traps, commit: str) -> bytes:
    return pack_answer(commit, pack_of([packed_delta("a" * 40, b"\x01\x01\x01x"), packed_delta("b" * 40, b"\x01\x01")]))


def _cut_pack(repo: RawRepo, traps: Traps, commit: str) -> bytes:
    return pack_answer(commit, pack_of([packed(b"blob", SOURCE)])[:-25])


def _too_many_objects(repo: RawRepo, traps: Traps, commit: str) -> bytes:
    return pack_answer(commit, b"PACK\0\0\0\x02\xff\xff\xff\xff" + packed(b"blob", SOURCE))


def _dot_git(repo: RawRepo, traps: Traps, commit: str) -> bytes:
    """The commit that was asked for, but its tree has what may not be."""
    other = raw_repo(repo.path.with_name(f"{repo.path.name}-other"))
    tree = tree_content([(b"40000", b".git", other.tree([(FILE, b"config", other.blob(SOURCE))]))])
    return pack_answer(commit, pack_of([packed(b"tree", tree), packed(b"blob", SOURCE)]))


def _elsewhere(repo: RawRepo, traps: Traps, commit: str) -> bytes:
    """Part of the pack is to be had from another address."""
    uri = b"%s %s\n" % (b"c" * 40, traps.lure("pack").encode())
    return packet(b"packfile-uris\n") + packet(uri) + DELIMITER + pack_answer(commit, pack_of([]))


def _garbage(repo: RawRepo, traps: Traps, commit: str) -> bytes:
    return b"ffff" + b"\x1b[31m" * 1000 + FORGED


SERVERS: tuple[Hostile, ...] = (
    Hostile("redirect", _answering(302, {"Location": "{lure}"})),
    Hostile("redirect_to_plain", _answering(301, {"Location": "{plain}"})),
    Hostile("redirect_to_file", _answering(307, {"Location": "file:///etc/passwd"})),
    Hostile("redirect_to_program", _answering(308, {"Location": "ext::sh -c x"})),
    Hostile("login", _answering(401, {"WWW-Authenticate": 'Basic realm="\x1b[31mx"'})),
    Hostile("web_page", _answering(200, {"Content-Type": "text/html"}, b"<script>alert(1)</script>" + FORGED)),
    Hostile("error_page", _answering(418, {"Content-Type": "text/plain"}, b"\x1b[31mteapot" + FORGED)),
    Hostile("alternates_over_http", alternates_over_http),
    Hostile("long_ref", long_ref, is_slow=True),
    Hostile("capabilities", capabilities),
    Hostile("odd_head", _listing(_odd_head)),
    Hostile("no_object", _listing(_no_object)),
    Hostile("other_commit", _listing(_other_commit)),
    Hostile("error", _listing(_error)),
    Hostile("endless_refs", _listing(_endless_refs), is_slow=True),
    Hostile("progress", _fetching(_progress)),
    Hostile("endless_progress", _fetching(_endless_progress), is_slow=True),
    Hostile("endless_pack", _fetching(_endless_pack), is_slow=True),
    Hostile("other_objects", _fetching(_other_objects)),
    Hostile("delta_circle", _fetching(_delta_circle)),
    Hostile("cut_pack", _fetching(_cut_pack)),
    Hostile("too_many_objects", _fetching(_too_many_objects)),
    Hostile("pack_with_dot_git", _fetching(_dot_git)),
    Hostile("pack_elsewhere", _fetching(_elsewhere)),
    Hostile("garbage", _fetching(_garbage)),
)
