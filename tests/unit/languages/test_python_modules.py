"""Which file a Python import leads to."""

import time
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kotadb.languages.modules import MISSING, Files, Location, Modules
from kotadb.languages.python.modules import python_modules
from kotadb.languages.python.roots import MAX_CHARACTERS, declared


def repository(*paths: str, texts: Mapping[str, str] | None = None) -> Modules:
    texts = texts or {}
    return python_modules(Files(frozenset(paths) | texts.keys(), texts.get))


def found(modules: Modules, importer: str, specifier: str) -> str | None:
    """A file as it is, a folder with a slash behind it, a package in brackets, None for missing."""
    return shown(modules.resolve(importer, specifier))


def shown(location: Location) -> str | None:
    if location.folder is not None:
        return f"{location.folder}/"
    return f"({location.package})" if location.package is not None else location.path


# ---- what a module is ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "specifier", "expected"),
    [
        (["a.py"], "a", "a.py"),
        (["a/__init__.py"], "a", "a/__init__.py"),
        (["a/__init__.py", "a.py"], "a", "a/__init__.py"),
        (["a.py", "a.pyi"], "a", "a.py"),
        (["a.pyi"], "a", "a.pyi"),
        (["a/__init__.pyi", "a.pyi"], "a", "a/__init__.pyi"),
        (["a.py", "a/b.py"], "a", "a.py"),
        (["a/b/c.py"], "a", "a/"),
        (["a/b/c.py"], "a.b", "a/b/"),
        (["a/b/c.py"], "a.b.c", "a/b/c.py"),
        (["a/readme.txt"], "a", "(a)"),
        (["a-stubs/__init__.pyi", "a-stubs/b.pyi"], "a.b", "a-stubs/b.pyi"),
        (["a-stubs/__init__.pyi", "a/__init__.py"], "a", "a/__init__.py"),
        (["a-stubs/b.pyi", "a/__init__.py"], "a.b", "a-stubs/b.pyi"),
        (["a.pyx"], "a", "a.pyx"),
        (["a.cpython-312-darwin.so"], "a", "a.cpython-312-darwin.so"),
        (["a.pyx", "a.pyi"], "a", "a.pyi"),
        (["a/__init__.py"], "a.b", None),
        (["a/__init__.py", "a/b.py"], "a.b.c", None),
        (["a.py"], "b", "(b)"),
        (["a.py"], "b.c.d", "(b)"),
        (["a.py"], "a-b", None),
        (["a.py"], "", None),
        (["a.py"], "a..b", None),
        (["a/b.py"], "a/b", None),
    ],
)
def test_a_module_is_a_file_a_package_or_a_folder_of_python(
    paths: list[str], specifier: str, expected: str | None
) -> None:
    assert found(repository("importer.py", *paths), "importer.py", specifier) == expected


# ---- relative imports ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("importer", "specifier", "expected"),
    [
        ("a/__init__.py", ".", "a/__init__.py"),
        ("a/m.py", ".", "a/__init__.py"),
        ("a/m.py", ".n", "a/n.py"),
        ("a/__init__.py", ".n", "a/n.py"),
        ("a/b/m.py", "..n", "a/n.py"),
        ("a/b/m.py", "..", "a/__init__.py"),
        ("a/b/m.py", "..c.d", "a/c/d.py"),
        ("a/c/d.py", ".", "a/c/"),
        ("a/m.py", ".nothing", None),
        ("a/m.py", "...n", None),
        ("a/m.py", "." * 100_000, None),
        ("a/m.py", ".n.x", None),
        ("a/m.py", "..a.n", "a/n.py"),
        ("x.py", ".a", "a/__init__.py"),
        ("x.py", "..a", None),
        ("a/m.py", ". n", None),
    ],
)
def test_relative_imports_follow_the_folders(importer: str, specifier: str, expected: str | None) -> None:
    modules = repository("x.py", "a/__init__.py", "a/m.py", "a/n.py", "a/b/__init__.py", "a/b/m.py", "a/c/d.py")
    assert found(modules, importer, specifier) == expected


def test_a_folder_is_not_taken_for_the_module_beside_it() -> None:
    modules = repository("a/b.py", "a/b/c.py", "a/b/d.py")
    assert found(modules, "a/b/c.py", ".") == "a/b/"
    assert found(modules, "a/b/c.py", ".d") == "a/b/d.py"


# ---- submodules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        (Location(path="a/__init__.py"), "b", "a/b.py"),
        (Location(path="a/__init__.py"), "n", "a/n/"),
        (Location(path="a/__init__.py"), "x", None),
        (Location(folder="a/n"), "m", "a/n/m.py"),
        (Location(folder=""), "a", "a/__init__.py"),
        (Location(path="a/b.py"), "b", None),
        (Location(package="a"), "b", None),
        (MISSING, "a", None),
        (Location(folder="a"), "", None),
        (Location(folder="a"), "n/m", None),
    ],
)
def test_only_packages_have_submodules(module: Location, name: str, expected: str | None) -> None:
    assert shown(repository("a/__init__.py", "a/b.py", "a/n/m.py").submodule(module, name)) == expected


# ---- roots -----------------------------------------------------------------------------------------------------------


def test_the_root_of_the_importers_own_package_comes_first() -> None:
    modules = repository("x/p/__init__.py", "x/p/q/__init__.py", "x/p/q/m.py", "x/p/n.py", "p/__init__.py", "p/n.py")
    assert found(modules, "x/p/q/m.py", "p.n") == "x/p/n.py"


@pytest.mark.parametrize("folder", ["src", "lib", "python"])
def test_conventional_roots_are_found_without_a_word(folder: str) -> None:
    modules = repository(f"{folder}/a/__init__.py", "tests/test_a.py", "pyproject.toml")
    assert found(modules, "tests/test_a.py", "a") == f"{folder}/a/__init__.py"


def test_src_may_be_a_package_itself() -> None:
    modules = repository("src/__init__.py", "src/redis.py", "src/m.py")
    assert found(modules, "src/m.py", "src.redis") == "src/redis.py"
    assert found(modules, "src/m.py", "redis") == "(redis)"


PYPROJECTS = [
    '[tool.setuptools]\npackage-dir = {"" = "code"}',
    '[tool.setuptools]\npackage-dir = {"a" = "code/a"}',
    '[tool.setuptools.packages.find]\nwhere = ["code"]',
    '[[tool.poetry.packages]]\ninclude = "a"\nfrom = "code"',
    '[tool.hatch.build.targets.wheel]\npackages = ["code/a"]',
    '[tool.hatch.build.targets.wheel]\nsources = ["code"]',
    '[tool.hatch.build.targets.wheel.sources]\n"code/a" = "a"',
    '[tool.pdm.build]\npackage-dir = "code"',
    '[tool.uv.build-backend]\nmodule-root = "code"',
    '[tool.pytest.ini_options]\npythonpath = ["code"]',
    '[tool.pytest.ini_options]\npythonpath = "other code"',
    '[tool.maturin]\npython-source = "./code/"',
    '[tool.pyright]\nextraPaths = ["code"]',
    '[tool.basedpyright]\nexecutionEnvironments = [{root = "code"}]',
    '[tool.mypy]\nmypy_path = "$MYPY_CONFIG_FILE_DIR/code:other"',
]


@pytest.mark.parametrize("text", PYPROJECTS)
@pytest.mark.parametrize("project", ["", "packages/one/"])
def test_pyproject_declares_roots(project: str, text: str) -> None:
    modules = repository(f"{project}code/a/m.py", texts={f"{project}pyproject.toml": text})
    assert found(modules, f"{project}tests/test_m.py", "a.m") == f"{project}code/a/m.py"


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        ("setup.cfg", "[options]\npackage_dir =\n    = code\n"),
        ("setup.cfg", "[options]\npackage_dir = a = code/a\n"),
        ("setup.cfg", "[options.packages.find]\nwhere = code\n"),
        ("setup.cfg", "[tool:pytest]\npythonpath = . code\n"),
        ("mypy.ini", "[mypy]\nmypy_path = code\n"),
        ("setup.py", 'setup(package_dir={"": "code"})'),
        ("setup.py", "setup(packages=find_packages(where='code'))"),
        ("setup.py", "setup(packages=find_namespace_packages('code'))"),
        ("pyrightconfig.json", '{\n  // here\n  "extraPaths": ["code"]\n}'),
    ],
)
def test_other_files_declare_roots(manifest: str, text: str) -> None:
    modules = repository("code/a/m.py", texts={manifest: text})
    assert found(modules, "tests/test_m.py", "a.m") == "code/a/m.py"


def test_a_package_may_live_in_a_folder_with_another_name() -> None:
    modules = repository("source/m.py", texts={"setup.py": "setup(package_dir={'a': 'source'})"})
    assert found(modules, "tests/test_m.py", "a.m") == "source/m.py"


def test_members_of_a_workspace_see_each_other() -> None:
    modules = repository(
        "libs/one/pyproject.toml",
        "libs/one/src/ns/one.py",
        "libs/two/pyproject.toml",
        "libs/two/src/ns/two.py",
        texts={"pyproject.toml": '[tool.uv.workspace]\nmembers = ["libs/*"]'},
    )
    assert found(modules, "libs/one/src/ns/one.py", "ns.two") == "libs/two/src/ns/two.py"


def test_a_nearer_project_goes_before_an_outer_one() -> None:
    modules = repository("packages/one/pyproject.toml", "packages/one/a.py", "a.py", "pyproject.toml")
    assert found(modules, "packages/one/tests/test_a.py", "a") == "packages/one/a.py"
    assert found(modules, "packages/two/tests/test_a.py", "a") == "a.py"


def test_a_script_sees_its_neighbours() -> None:
    modules = repository("scripts/run.py", "scripts/helpers.py")
    assert found(modules, "scripts/run.py", "helpers") == "scripts/helpers.py"


def test_tests_see_what_is_beside_a_conftest_above_them() -> None:
    modules = repository("tests/conftest.py", "tests/helpers.py", "tests/unit/test_a.py")
    assert found(modules, "tests/unit/test_a.py", "helpers") == "tests/helpers.py"


def test_what_is_in_a_package_is_not_found_by_its_bare_name() -> None:
    modules = repository("a/__init__.py", "a/m.py", "a/redis.py", "src/ns/redis.py", "src/ns/m.py")
    assert found(modules, "a/m.py", "redis") == "(redis)"
    assert found(modules, "src/ns/m.py", "redis") == "(redis)"


def test_a_module_does_not_mean_itself() -> None:
    assert found(repository("scripts/redis.py"), "scripts/redis.py", "redis") == "(redis)"


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["one/a/__init__.py", "one/a/m.py"], "one/a/m.py"),
        (["one/a/__init__.py", "one/a/m.py", "two/a/__init__.py"], "(a)"),
        (["one/a/__init__.py"], None),
        (["tests/data/a/__init__.py", "tests/data/a/m.py"], "(a)"),
        (["src/ns/a/__init__.py", "src/ns/a/m.py"], "(a)"),
    ],
)
def test_elsewhere_in_the_repository_only_one_may_have_the_name(paths: list[str], expected: str | None) -> None:
    assert found(repository("scripts/run.py", *paths), "scripts/run.py", "a.m") == expected


# ---- the standard library --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "importer", "expected"),
    [
        (["django/__init__.py", "django/utils/__init__.py", "django/utils/html.py"], "django/utils/x.py", "(html)"),
        (["scripts/html.py"], "scripts/run.py", "(html)"),
        (["html/a.py"], "run.py", "(html)"),
        (["html.py"], "run.py", "html.py"),
        (["src/html.py"], "tests/run.py", "src/html.py"),
        (["x/html/__init__.py", "x/app/__init__.py"], "x/app/run.py", "x/html/__init__.py"),
        (["src/ns/html/__init__.py", "src/ns/app/__init__.py"], "src/ns/app/run.py", "(html)"),
    ],
)
def test_only_strong_roots_hide_the_standard_library(paths: list[str], importer: str, expected: str) -> None:
    assert found(repository(*paths), importer, "html") == expected


def test_what_a_double_of_the_standard_library_lacks_is_the_standard_librarys() -> None:
    modules = repository("email/__init__.py", "email/send.py")
    assert found(modules, "run.py", "email.send") == "email/send.py"
    assert found(modules, "run.py", "email.message") == "(email)"


# ---- namespace packages ----------------------------------------------------------------------------------------------


def test_a_namespace_package_goes_on_elsewhere() -> None:
    modules = repository("google/ours/__init__.py")
    assert found(modules, "run.py", "google.ours") == "google/ours/__init__.py"
    assert found(modules, "run.py", "google.protobuf") == "(google)"
    assert found(modules, "run.py", "google.ours.nothing") is None


@pytest.mark.parametrize("init", [None, "__path__ = __import__('pkgutil').extend_path(__path__, __name__)"])
def test_its_portions_may_be_in_several_projects(init: str | None) -> None:
    inits = {} if init is None else {f"{name}/ns/__init__.py": init for name in ("one", "two", "three")}
    modules = repository(
        "one/setup.py", "one/ns/a.py", "two/setup.py", "two/ns/b.py", "three/setup.py", "three/ns/c.py", texts=inits
    )
    assert found(modules, "one/ns/a.py", "ns.b") == "two/ns/b.py"
    assert shown(modules.submodule(modules.resolve("one/ns/a.py", "ns"), "b")) == "two/ns/b.py"
    assert found(modules, "one/ns/a.py", "ns.nothing") == "(ns)"


def test_a_folder_without_init_is_only_the_second_choice() -> None:
    modules = repository("src/a/m.py", "a/__init__.py")
    assert found(modules, "run.py", "a") == "a/__init__.py"
    assert found(modules, "run.py", "a.m") == "src/a/m.py"


# ---- whatever strangers write ----------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "src", "tests", "html", "__init__", "a-stubs", "x y", "é"])
files = st.builds(
    lambda folders, name, suffix: "/".join([*folders, name + suffix]),
    st.lists(names, max_size=3),
    names,
    st.sampled_from([".py", ".pyi", ".pyx", ".so", ".txt"]),
) | st.sampled_from(["setup.py", "a/setup.cfg", "pyproject.toml", "a/b/pyproject.toml", "src/conftest.py"])
specifiers = st.text("ab./ é\0", max_size=6) | st.lists(names, max_size=4).map(".".join)
values = st.recursive(
    st.sampled_from(['"a"', '""', '"../.."', '"/"', '"*"', "1", "[]", "{}"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=4,
)
manifests = st.sampled_from([text.partition("=")[0] for text in PYPROJECTS]).flatmap(
    lambda head: values.map(lambda value: f"{head}= {value}")
) | st.text(max_size=50)


@settings(deadline=None, max_examples=300)
@given(st.frozensets(files, max_size=12), manifests, st.lists(st.tuples(files, specifiers), max_size=8))
def test_any_repository_is_answered_for_and_in_any_order(
    paths: frozenset[str], manifest: str, questions: list[tuple[str, str]]
) -> None:
    def answers(asked: list[tuple[str, str]]) -> dict[tuple[str, str], Location]:
        modules = python_modules(Files(paths, lambda _: manifest))
        return {question: modules.resolve(*question) for question in asked}

    answered = answers(questions)
    assert answered == answers(questions[::-1])
    modules = python_modules(Files(paths, lambda _: manifest))
    for location in answered.values():
        assert location.path is None or location.path in paths
        assert modules.submodule(location, "a").path in {None, *paths}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "a = " + "[" * 100_000,
        "a" + ".a" * 100_000 + " = 1",
        ".".join(['"\u2028"'] * 50_000) + " = 1",
        "[a]\nb" + " " * 100_000 + "c",
        "package_dir={" * 30_000,
        "\n" * 400_000,
        "'" * 400_000,
        "[a]\n" * 100_000,
        "1" * 10_000,
        "x" * (MAX_CHARACTERS + 1),
        "[options\n= \x00 ]\n[options]\n = a\n",
    ],
)
def test_manifests_made_to_break_or_to_take_for_ever_declare_nothing(text: str) -> None:
    began = time.process_time()
    assert declared("", lambda _: text).roots == ()
    assert time.process_time() - began < 5


def test_a_large_repository_takes_no_time() -> None:
    paths = [f"src/p{number % 50}/q{number % 500}/m{number}.py" for number in range(20_000)]
    modules = repository(*paths, *(f"src/p{number}/__init__.py" for number in range(50)))
    began = time.process_time()
    for path in paths:
        place = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
        assert found(modules, "src/p1/q1/m1.py", place) == path
        assert found(modules, path, "requests") == "(requests)"
    assert time.process_time() - began < 5


# ---- what is for others ----------------------------------------------------------------------------------------------

NAMED = "[project]\nname = 'lib'\n"
PACKAGE = {"lib/__init__.py": "", "lib/public.py": "", "lib/_impl.py": "", "lib/_vendor/__init__.py": "", "run.py": ""}


@pytest.mark.parametrize(
    ("manifests", "root", "published"),
    [
        ({"pyproject.toml": NAMED}, "", {"lib/__init__.py", "lib/public.py"}),
        ({"pyproject.toml": NAMED}, "src/", {"src/lib/__init__.py", "src/lib/public.py", "src/run.py"}),
        ({"setup.py": "from setuptools import setup\nsetup(name='lib')\n"}, "", {"lib/__init__.py", "lib/public.py"}),
        ({"setup.cfg": "[metadata]\nname = lib\n"}, "", {"lib/__init__.py", "lib/public.py"}),
        ({"setup.cfg": "[flake8]\nmax-line-length = 99\n", "pyproject.toml": "[tool.ruff]\n"}, "", set()),
        ({"pyproject.toml": NAMED}, "tests/", set()),
        ({}, "", set()),
    ],
)
def test_what_is_installed_is_for_others_but_for_what_is_private(
    manifests: dict[str, str], root: str, published: set[str]
) -> None:
    texts = manifests | {f"{root}{path}": text for path, text in PACKAGE.items()}
    assert python_modules(Files(frozenset(texts), texts.get)).published() == published
