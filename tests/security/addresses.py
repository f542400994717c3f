"""No address inside an operator's network is ever contacted, however it is spelled and whatever leads there."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from proving.check import Check, Figures, Scale
from proving.site import Site, until
from security.network import Listeners, NameServer, apart, lacking
from support.git_server import GitServer
from support.repos import make_repo
from support.service import Service, run

PUBLIC = "93.184.215.14"
"""Where harmless names lead: the positive control."""

INTERNAL = (
    "0.0.0.0", "10.0.0.9", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8", "168.63.129.16",
    "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.254", "192.0.0.192", "192.0.2.1", "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1", "192.168.1.1", "192.175.48.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1",
    "::1", "::7f00:1", "::ffff:10.0.0.9", "64:ff9b::7f00:1", "64:ff9b:1::a00:9", "100::1", "2001::1", "2001:db8::1",
    "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fec0::1",
)  # fmt: skip
"""Where names of strangers may lead: an address of every network that is not the public one."""

REFUSED = (
    # No address at all, or one that means something else to git.
    "", "name", "-u/name", "--upload-pack=touch x", "--upload-pack=/x/y", "-https://h.example.org/o/n", "ext::sh -c id",
    "ext::sh", "fd::17", "file:///etc", "file://localhost/etc", "ssh://git@h.example.org/o/n", "git@h.example.org:o/n",
    "git://h.example.org/o/n", "http://h.example.org/o/n", "ftp://h.example.org/o/n", "https::http://127.0.0.1/",
    "https::https://h.example.org/o/n", "https:/h.example.org/o/n", "https:h.example.org/o/n", "https://",
    "https:///o/n",
    "https://h.example.org", "https://h.example.org/", "https://h.example.org//o/n", "https://h.example.org/../n",
    "https://h.example.org/%2e%2e/n", "https://h.example.org/o%2fn/x", "https://h.example.org/o/%00n",
    "https://h.example.org/o/n%0a", "https://user@h.example.org/o/n", "https://u:secret@h.example.org/o/n",
    "https://:@h.example.org/o/n", "https://h.example.org\\@10.0.0.9/o/n", "https://h.example.org/o\\n",
    "https://h%2eexample.org/o/n", "https://%31/o/n", "https://h.example.org\x00/o/n", "https://h.example.org/o/n\n",
    " https://h.example.org/o/n", "https://h.example.org /o/n", "https://h.example.org/o/\u202en",
    "https://h.example.org/o/n?x=1", "https://h.example.org/o/n#x", "https://h.example.org:/o/n",
    "https://h.example.org:0/o/n", "https://h.example.org:65536/o/n", "https://h.example.org:x/o/n", "/etc", "/",
    "~root", "../..", ".", "https://h.example.org/" + "n" * 3000,
    # Numbers in every spelling.
    "https://0x7f.1/o/n", "https://0x7f000001/o/n", "https://2130706433/o/n", "https://017700000001/o/n",
    "https://127.1/o/n", "https://127.0.0.01/o/n", "https://0/o/n", "https://①②⑦.0.0.1/o/n", "https://127。0。0。1/o/n",
    "https://127.0.0.1./o/n", "https://4294967297/o/n", "https://0251.0376.0251.0376/o/n", "https://[::1]/o/n",
    "https://[::ffff:127.0.0.1]/o/n", "https://[fe80::1%25lo]/o/n", "https://[64:ff9b::7f00:1]/o/n",
    *(f"https://{address}/o/n" for address in INTERNAL if ":" not in address),
    *(f"https://{address}:8443/o/n" for address in ("127.0.0.1", "169.254.169.254", "10.0.0.9")),
    # Names that only an internal network has.
    "https://localhost/o/n", "https://LOCALHOST:3000/o/n", "https://localhost./o/n", "https://git.localhost/o/n",
    "https://metadata.google.internal/o/n", "https://metadata/o/n", "https://intranet/o/n", "https://nas.local/o/n",
    "https://git.corp/o/n", "https://ⓛocalhost/o/n", "https://router.home.arpa/o/n",
)  # fmt: skip

REFS = (
    "-", "-x", "--upload-pack=touch x", "--exec=id", "a..b", "a b", "a\tb", "a\nb", "a\x00b", "a\x7fb", "a~1", "a^",
    "a:b", "main:refs/heads/x", "+main:x", "a?", "a*", "a[b", "a\\b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock",
    "a.lock/b",
    "a.", "@", "@{-1}", "a@{1}", "HEAD^{commit}", "", "a" * 256, "refs/heads/", "0" * 40, "f" * 64, "a\u0085b",
    "\x1b[2J",
    "$(id) x", "`id` x", "refs/../../config",
)  # fmt: skip

COMMITS = ("HEAD", "main", "0" * 39, "0" * 41, "g" * 40, "-" + "0" * 39, "0" * 40 + "\n", "0" * 63, "", "--all")

COMMANDS = ("ext::sh -c id", "--upload-pack=/x/y", "https://127.0.0.1/o/n", "https://localhost/o/n", "git@h:o/n")


def ask_for_them(site: Site, scale: Scale, figures: Figures) -> None:
    apart(partial(_ask_for_them, site, scale, figures))


def _ask_for_them(site: Site, scale: Scale, figures: Figures) -> None:
    internal = scale.random.sample(INTERNAL, scale.of(len(INTERNAL), 4))
    names: dict[str, Sequence[Sequence[str]]] = {
        "harmless.example.org": [[PUBLIC]],
        "both.example.org": [[PUBLIC, "10.0.0.9"]],
        "rebinding.example.org": [[PUBLIC], ["10.0.0.9"]],
        **{f"i{number}.example.org": [[address]] for number, address in enumerate(internal)},
    }
    (site.folder / "here").mkdir()
    with (
        NameServer(names),
        Listeners() as listeners,
        GitServer(site.folder / "here", site.folder) as git,
        replace(site, git=git).service(retry_limit=0) as service,
    ):
        accepted = _accepted(service, site, scale.of(len(COMMANDS), 1))
        contacted = [f"https://i{number}.example.org/o/n" for number in range(len(internal))]
        contacted += ["https://both.example.org/o/n", *_leading_elsewhere(git)]
        ended = _ended(service, [*contacted, "https://rebinding.example.org/o/n"])
        _ended(service, ["https://harmless.example.org/o/n"])
        until(lambda: PUBLIC in listeners.contacted, 5)
        healthy = service.indexed(_healthy(git))
        figures.at_least("addresses and refs", len(REFUSED) + len(REFS) + len(COMMITS) + len(ended), 100)
        figures.none("accepted", accepted)
        figures.none("indexed", sum(status == "completed" for status, _ in ended))
        figures.none(
            "names that lead inside and are not refused as such",
            sum(code != "forbidden_address" for _, code in ended[: len(internal) + 1]),
        )
        figures.none("forbidden addresses contacted", len(listeners.contacted.keys() - {PUBLIC}))
        figures.at_least("the control contacted", listeners.contacted[PUBLIC], 1)
        figures.at_least("harmless ones indexed", healthy["status"] == "completed", 1)


def _accepted(service: Service, site: Site, most: int) -> int:
    """How many of those that must be refused at once are not; of commands only so many, each is a process."""
    asked = [{"repository": text} for text in REFUSED]
    harmless = "https://harmless.example.org/o/n"
    asked += [{"repository": harmless, "ref": ref} for ref in REFS]
    asked += [{"repository": harmless, "commit_sha": commit} for commit in COMMITS]
    answers = [service.client.post("/index", json=body) for body in asked]
    commands = (["index", "--ref=--upload-pack=x", harmless], *(["index", "--", text] for text in COMMANDS[:most]))
    by_command = [run(list(command), service.environment, check=False) for command in commands]
    kept = site.rows("select id from index_jobs")
    return (
        sum(answer.status_code not in (400, 403, 422) for answer in answers)
        + sum(done.returncode != 2 for done in by_command)
        + len(kept)
    )


def _leading_elsewhere(git: GitServer) -> Iterator[str]:
    """Repositories of an allowed server whose answers lead inside: redirects, and the lists of a dumb server."""
    for number, to in enumerate(
        ("https://10.0.0.9/o/n", "http://169.254.169.254/latest", "https://[fd00:ec2::254]/o/n", "//10.0.0.9/o/n",
         "https://rebinding.example.org/o/n", "file:///etc/passwd", "ext::sh -c id")
    ):  # fmt: skip
        git.answer(f"redirect{number}", 302, {"Location": f"{to}/info/refs?service=git-upload-pack"})
        yield git.url(f"o/redirect{number}")
    git.answer("dumb/info/refs", 200, {"Content-Type": "text/plain"}, b"f" * 40 + b"\trefs/heads/main\n")
    git.answer("dumb/HEAD", 200, {"Content-Type": "text/plain"}, b"ref: refs/heads/main\n")
    git.answer("dumb/objects/info/http-alternates", 200, {}, b"https://10.0.0.9/o/n\nhttp://169.254.169.254/o/n\n")
    git.answer("dumb/objects/info/alternates", 200, {}, b"/etc\n")
    yield git.url("o/dumb")


def _ended(service: Service, addresses: list[str]) -> list[tuple[str, str | None]]:
    """Status and error code of a job for each."""
    with ThreadPoolExecutor(3) as callers:
        jobs = list(callers.map(service.indexed, addresses))
    return [(job["status"], job["error"]["code"] if job["error"] else None) for job in jobs]


def _healthy(git: GitServer) -> str:
    make_repo(git.root / "o" / "healthy", {"a.py": "x = 1\n"})
    return git.url("o/healthy")


ADDRESSES = Check(
    "addresses",
    "addresses and refs that could do harm are refused, and nothing inside is contacted, wherever names lead",
    ask_for_them,
    breaks=("deny_list", "names", "pin", "redirects"),
    needs=lacking,
)

CHECKS = (ADDRESSES,)
