"""Every entry of a tree has one fate, and the right one."""

import codecs
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kotadb.model import TEXT, SkippedFile, SkipReason, SourceFile, TreeEntry
from kotadb.pipeline.discover import (
    Discovery,
    decode,
    decode_path,
    discover,
    inspect,
    is_generated,
    is_unsafe,
    tags_of,
    vendored,
)
from kotadb.pipeline.ignore import exclusion

LIMIT = 1000


def language_of(path: str) -> str | None:
    return "code" if path.endswith(".code") else None


def entry(path: str | bytes, mode: str = "100644", size: int | None = 10) -> TreeEntry:
    return TreeEntry(path.encode() if isinstance(path, str) else path, mode, "0" * 40, size)


def look(*entries: TreeEntry) -> Discovery:
    return discover(entries, language_of=language_of, max_file_bytes=LIMIT, is_excluded=exclusion("*.secret\nprivate/"))


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (entry("link", mode="120000"), SkipReason.SYMLINK),
        (entry("node_modules/link", mode="120000"), SkipReason.SYMLINK),
        (entry("module", mode="160000", size=None), SkipReason.SUBMODULE),
        (entry("../up", mode="120000"), SkipReason.UNSAFE_PATH),
        (entry("big.code", size=LIMIT + 1), SkipReason.TOO_LARGE),
        (entry("gone.code", size=None), SkipReason.MISSING_BLOB),
        (entry("a/b.secret"), SkipReason.EXCLUDED),
        (entry("private/a.code", size=None), SkipReason.EXCLUDED),
        (entry("a/node_modules/b/c.code"), SkipReason.VENDORED),
        (entry("node_modules/big.code", size=LIMIT + 1), SkipReason.VENDORED),
    ],
)
def test_entries_that_are_skipped(found: TreeEntry, reason: SkipReason) -> None:
    discovery = look(found)
    assert [(file.raw_path, file.reason) for file in discovery.skipped] == [(found.path, reason)]
    assert discovery.files == ()


@pytest.mark.parametrize("mode", ["100644", "100755", "100664"])
def test_an_entry_that_is_indexed(mode: str) -> None:
    (file,) = look(entry("tests/a.code", mode, LIMIT)).files
    assert (file.path, file.raw_path, file.language) == ("tests/a.code", b"tests/a.code", "code")
    assert (file.blob_sha, file.size_bytes, file.tags) == ("0" * 40, LIMIT, ("test",))


def test_a_file_without_a_parser_is_text() -> None:
    assert look(entry("LICENSE")).files[0].language == TEXT


def test_what_a_missing_blob_means_depends_on_the_fetch() -> None:
    discovery = discover(
        [entry("a", size=None)], language_of=language_of, max_file_bytes=LIMIT, absent_reason=SkipReason.TOO_LARGE
    )
    assert discovery.skipped[0].reason is SkipReason.TOO_LARGE


segments = st.sampled_from([b"a", b"b.code", b"..", b".git", b"node_modules", b"private", b"\xff", b"", b"pyvenv.cfg"])
entries = st.builds(
    TreeEntry,
    path=st.lists(segments | st.binary(max_size=4), max_size=5).map(b"/".join),
    mode=st.sampled_from(["100644", "100755", "120000", "160000", "040000"]),
    blob_sha=st.just("0" * 40),
    size_bytes=st.none() | st.integers(0, 2 * LIMIT),
)


@given(st.lists(entries, unique_by=lambda entry: entry.path))
def test_files_and_skipped_are_exactly_the_entries(listing: list[TreeEntry]) -> None:
    discovery = look(*listing)
    fates: list[SourceFile | SkippedFile] = [*discovery.files, *discovery.skipped]
    assert sorted(file.raw_path for file in fates) == sorted(entry.path for entry in listing)
    assert len({file.path for file in fates}) == len(listing)


@pytest.mark.parametrize(
    "path",
    [
        b"", b"/etc/x", b"a//b", b"a/", b"/", b"..", b"a/../b", b"./a", b"a/.", b".git/config", b"a/.GIT/x", b"a/.gIt",
        b"GIT~1", b"a/git~12/x", b".git.", b".git . ", b".git::$INDEX_ALLOCATION/x", b".git:x", b"a\\..\\b",
        b"\\.git\\x", ".g\u200cit/config".encode(), "\ufeff.git".encode(), b"a" * 4097,
    ],
)  # fmt: skip
def test_unsafe_paths(path: bytes) -> None:
    assert is_unsafe(path)


@pytest.mark.parametrize(
    "path",
    [
        b"a", b"...", b"..a", b"a..", b".gitignore", b".github/x", b"git", b"digit~1", b"GIT~", b"git~1a", b"a\\b",
        b" ", b"a\nb", b"\x1b[31m", b"\xff", b'"', b"a:b", "\u200c".encode(), b"a" * 4096,
    ],
)  # fmt: skip
def test_odd_paths_that_are_safe(path: bytes) -> None:
    assert not is_unsafe(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("node_modules/a/b.js", True),
        ("packages/x/node_modules/a", True),
        ("node_modules", False),
        ("my_node_modules/a", False),
        (".yarn/cache/a.zip", True),
        (".yarn/versions/a.yml", False),
        ("lib/python3/site-packages/a.py", True),
        ("vendor/a.go", False),
        ("admin/js/vendor/jquery.js", False),
        ("build/a.ts", False),
        ("third_party/a.c", False),
    ],
)
def test_folders_that_are_vendored_by_their_name(path: str, expected: bool) -> None:
    assert vendored([path])(path) == expected


@pytest.mark.parametrize(
    ("marker", "path", "expected"),
    [
        ("vendor/modules.txt", "vendor/x/y.go", True),
        ("a/vendor/autoload.php", "a/vendor/x.php", True),
        ("a/vendor/autoload.php", "b/vendor/x.php", False),
        ("myvendor/modules.txt", "myvendor/x", False),
        ("modules.txt", "a", False),
        ("env/pyvenv.cfg", "env/bin/activate", True),
        ("pyvenv.cfg", "a.py", False),
        ("crates/serde/.cargo-checksum.json", "crates/serde/src/lib.rs", True),
        ("crates/serde/.cargo-checksum.json", "crates/own/src/lib.rs", False),
        ("ios/Pods/Manifest.lock", "ios/Pods/A/a.m", True),
    ],
)
def test_folders_that_are_vendored_by_what_is_in_them(marker: str, path: str, expected: bool) -> None:
    assert vendored([path, marker])(path) == expected


DENSE = b"function a(b,c){return b?c:a(c,b)};"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 12345\n" % (b"0" * 64)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (b"", None),
        (b"plain", None),
        (b"\xff\xfe\xfd", None),
        (b"a\0b", SkipReason.BINARY),
        (b"x" * 8191 + b"\0", SkipReason.BINARY),
        (b"x\n" * 4096 + b"\0", None),
        ("text\r\n".encode("utf-16"), None),
        (codecs.BOM_UTF16_BE + "täxt".encode("utf-16-be"), None),
        ("text".encode("utf-16-le"), SkipReason.BINARY),
        ("text".encode("utf-32"), SkipReason.BINARY),
        (codecs.BOM_UTF16_LE + b"\0\0\1\0", SkipReason.BINARY),
        (POINTER, SkipReason.LFS_POINTER),
        (POINTER.replace(b"\n", b"\r\n"), SkipReason.LFS_POINTER),
        (b"# about " + POINTER, None),
        (POINTER + b"#" * 1024, None),
        (DENSE * 100, SkipReason.MINIFIED),
        (b"/* license */\n" + DENSE * 1000 + b"\n//# sourceMappingURL=a.map\n", SkipReason.MINIFIED),
        ((DENSE * 20 + b"\n") * 20, SkipReason.MINIFIED),  # as by a tool that keeps lines short
        (b"var a=1;" * 1000, SkipReason.MINIFIED),
        (b"(" * 100_000, SkipReason.MINIFIED),
        (DENSE * 20, None),  # small
        ((DENSE + b"\n") * 100, None),  # lines
        (b'DATA = "%s"\n' % (b"QUJD+/" * 1000), None),  # encoded data
        (b"# The quick brown fox, they say, jumps over the lazy dog. " * 100, None),  # prose
        (b"[1, 2, 3, 4, 5, 6, 7, 8, 9], " * 100, None),  # a table
        (b'DATA = "' + DENSE * 20 + b'"\n' + b"x = 1\n" * 200, None),  # a long line among others
    ],
)
def test_what_the_bytes_of_source_code_say(source: bytes, reason: SkipReason | None) -> None:
    assert inspect(source, "code") is reason


def test_data_without_a_parser_is_never_minified() -> None:
    assert inspect(DENSE * 1000, TEXT) is None


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (b"a\r\nb\rc\n", "a\r\nb\rc\n"),
        (b"a\0b", "a\ufffdb"),
        (b"a\xffb", "a\ufffdb"),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),  # a surrogate
        (codecs.BOM_UTF8 + b"a", "\ufeffa"),
        ("\ufeffaä😀".encode("utf-16-le"), "aä😀"),
        ("\ufeffaä😀".encode("utf-16-be"), "aä😀"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\0", "\ufffda"),  # half of a pair
        (codecs.BOM_UTF16_LE + b"a", "\ufffd"),
    ],
)
def test_text_that_is_stored(source: bytes, text: str) -> None:
    assert decode(source) == text


@given(st.binary() | st.binary().map(lambda rest: codecs.BOM_UTF16_LE + rest))
def test_any_bytes_become_text_that_postgres_takes(source: bytes) -> None:
    text = decode(source)
    assert "\0" not in text
    assert text.encode().decode() == text


@given(st.text())
def test_valid_text_is_kept(text: str) -> None:
    assert decode(text.encode()) == text.replace("\0", "\ufffd")


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        ("ä/b c.py".encode(), "ä/b c.py"),
        (b'new\nline\t"', 'new\nline\t"'),
        (b"a\xffb", r"a\xffb"),
        (rb"a\xffb", r"a\x5cxffb"),
        (rb"a\b", r"a\b"),
    ],
)
def test_paths_for_people(raw: bytes, path: str) -> None:
    assert decode_path(raw) == path


@given(st.lists(st.sampled_from([b"\\", b"x", b"5c", b"ff", b"\xff", b"\xc3", b"\xa4"])).map(b"".join) | st.binary())
def test_every_path_can_be_read_back(raw: bytes) -> None:
    escape = re.compile(rb"\\x([0-9a-f]{2})")
    assert escape.sub(lambda found: bytes.fromhex(found[1].decode()), decode_path(raw).encode()) == raw


@pytest.mark.parametrize(
    ("path", "tags"),
    [
        ("src/a.py", ()),
        ("src/latest/attest.py", ()),
        ("tests/a.py", ("test",)),
        ("src/__tests__/a.ts", ("test",)),
        ("a/test_b.py", ("test",)),
        ("a/b_test.go", ("test",)),
        ("a/b.test.tsx", ("test",)),
        ("a/b.spec.ts", ("test",)),
        ("a/conftest.py", ("test",)),
        ("docs/conf.py", ("documentation",)),
        ("README", ("documentation",)),
        ("pyproject.toml", ("configuration",)),
        ("vite.config.ts", ("configuration",)),
        (".eslintrc", ("configuration",)),
        ("types/a.d.ts", ("declaration",)),
        ("a.pyi", ("declaration",)),
        ("a/generated/b.ts", ("generated",)),
        ("jquery.min.js", ("generated",)),
        ("api/service_pb2_grpc.py", ("generated",)),
        ("api/service.pb.go", ("generated",)),
        ("app/tests.py", ("test",)),
        ("pip/_vendor/rich/text.py", ("vendored",)),
        ("third_party/zlib/zlib.h", ("vendored",)),
        ("src/vendors/list.ts", ()),
    ],
)
def test_tags(path: str, tags: tuple[str, ...]) -> None:
    assert tags_of(path) == tags


@pytest.mark.parametrize(
    "text",
    [
        b"// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x\n",
        b"#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n",
        b"/**\n * @generated SignedSource<<abc>>\n */\n",
        b"/* eslint-disable */\n// @generated by protobuf-ts 2.9\n",
        b"// <auto-generated>\n",
        b"<!-- This file is auto-generated -->\n",
        b'"""This module was automatically generated by ."""\n',
        b"-- this file has been generated\n-- THIS FILE IS AUTO-GENERATED\n",
    ],
)
def test_a_file_that_a_program_wrote_says_so_in_a_comment_at_its_beginning(text: bytes) -> None:
    assert is_generated(text)
    assert is_generated(b"\n" * 20 + text)


@pytest.mark.parametrize(
    "text",
    [
        b"x = '// @generated'\n",
        b"# Docs are generated by sphinx\n",
        b"# do not edit this by hand unless you know what you do\n",
        b"const header = `\nCode generated. DO NOT EDIT`\n",
        b"x = 1\n" * 2000 + b"# @generated\n",
        b"/" * 5000,
        b"# " + b"generated " * 500,
    ],
)
def test_other_files_do_not(text: bytes) -> None:
    assert not is_generated(text)
