"""Which paths a glob means."""

import pytest
import re2

from kotadb.questions.globs import path_filter

PATHS = [
    "a.ts",
    "src/a.ts",
    "src/b.tsx",
    "src/deep/a.ts",
    "src/deep/a.test.ts",
    "docs/src/a.md",
    "src.ts",
    "we [ir]d/+(x).py",
]

GLOBS = [
    ("*.ts", ["a.ts", "src/a.ts", "src/deep/a.ts", "src/deep/a.test.ts", "src.ts"]),
    ("src/*.ts", ["src/a.ts"]),
    ("/*.ts", ["a.ts", "src.ts"]),
    ("./src/*.ts", ["src/a.ts"]),
    ("src/**/*.ts", ["src/a.ts", "src/deep/a.ts", "src/deep/a.test.ts"]),
    ("src/**", ["src/a.ts", "src/b.tsx", "src/deep/a.ts", "src/deep/a.test.ts"]),
    ("**/a.ts", ["a.ts", "src/a.ts", "src/deep/a.ts"]),
    ("src", ["src/a.ts", "src/b.tsx", "src/deep/a.ts", "src/deep/a.test.ts", "docs/src/a.md"]),
    ("/src/", ["src/a.ts", "src/b.tsx", "src/deep/a.ts", "src/deep/a.test.ts"]),
    ("src/deep", ["src/deep/a.ts", "src/deep/a.test.ts"]),
    ("src/a.ts", ["src/a.ts"]),
    ("src/?.ts", ["src/a.ts"]),
    ("src/[a-b].ts*", ["src/a.ts", "src/b.tsx"]),
    ("src/[!a].tsx", ["src/b.tsx"]),
    ("*.{md,tsx}", ["src/b.tsx", "docs/src/a.md"]),
    ("we [ir]d/+(x).py", []),
    ("we \\[ir]d", []),
    ("+(x).py", ["we [ir]d/+(x).py"]),
    ("[b-a]", []),
    ("{a", []),
]


@pytest.mark.parametrize(("glob", "paths"), GLOBS)
def test_a_glob_means_paths_as_in_other_programs(glob: str, paths: list[str]) -> None:
    included, excluded = path_filter([glob])
    assert included is not None
    assert excluded is None
    assert [path for path in PATHS if re2.search(included, path)] == paths


def test_several_globs_mean_what_any_of_them_does_and_nothing_that_is_left_out() -> None:
    included, excluded = path_filter(["*.md", "src/", "!*.test.ts", "!deep/"])
    assert included is not None
    assert excluded is not None
    left = [path for path in PATHS if re2.search(included, path) and not re2.search(excluded, path)]
    assert left == ["src/a.ts", "src/b.tsx", "docs/src/a.md"]
    assert path_filter([]) == (None, None)
