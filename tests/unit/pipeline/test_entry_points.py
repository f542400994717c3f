"""Which symbols are called from outside of the repository, and why."""

import pytest

from support.program import entry_points


def within(source: str, path: str) -> dict[str, str]:
    return {name.removeprefix(f"{path}#"): why for name, why in entry_points({path: source}).items()}


def test_what_a_decorator_may_register_and_what_plain_ones_leave_as_it_is() -> None:
    source = """
        import functools, click, app as web
        from pytest import fixture as made
        @web.app.route("/")
        def view(): ...
        @click.command()
        @click.option("--x")
        def command(): ...
        @made
        def database(): ...
        class C:
            @property
            def plain(self): ...
            @functools.cache
            def cached(self): ...
            @web.on("event")
            def handler(self): ...
    """
    names = ["view", "command", "database", "C.handler"]
    assert within(source, "a.py") == dict.fromkeys(names, "decorator")
    assert within("@Component class A { @Input() x = 1; y = 2 }", "a.ts") == {"A": "decorator", "A.x": "decorator"}


def test_what_test_runners_find_by_its_name_in_a_file_of_tests() -> None:
    source = """
        def test_it(): ...
        def helper(): ...
        def pytest_configure(): ...
        class TestIt:
            def setup_method(self): ...
            def test_this(self): ...
            def helper(self): ...
        class ItTests(Case):
            def setUp(self): ...
            def test_that(self):
                def test_inner(): ...
    """
    expected = [
        "test_it", "pytest_configure", "TestIt", "TestIt.setup_method", "TestIt.test_this", "ItTests", "ItTests.setUp",
        "ItTests.test_that",
    ]  # fmt: skip
    assert within(source, "tests/conftest.py") == dict.fromkeys(expected, "test")
    assert within(source, "app.py") == {}
    assert within("def test_it(): ...", "test_app.py") == {"test_it": "test"}


def test_what_a_module_lists() -> None:
    source = "__all__ = ['f', 'C']\ndef f(): ...\ndef g(): ...\nclass C:\n    def m(self): ...\n    def _m(self): ...\n"
    assert within(source, "a.py") == {"f": "listed", "C": "listed", "C.m": "listed"}


def test_what_a_package_exports_by_name_through_barrels_with_what_is_in_it() -> None:
    files = {
        "package.json": '{"exports": {".": "./index.ts", "./more": {"types": "./more.ts"}}, "bin": "./run.js"}',
        "index.ts": (
            "import { b } from './b'\nexport { b as renamed }\nexport * from './barrel'\nexport * as all from './c'"
        ),
        "barrel.ts": "export { default as D, a } from './a'",
        "a.ts": "export default class K { m() {} private own = 1 }\nexport const a = 1\nexport const beside = 1",
        "b.ts": "const inner = 1\nexport { inner as b }\nexport const beside = 1",
        "c.ts": "export interface I { x: number }\nconst hidden = 1",
        "more.ts": "export function more() {}",
        "run.js": "exports.run = function run() {}",
        "elsewhere.ts": "export const lost = 1",
    }
    expected = ["a.ts#K", "a.ts#K.m", "a.ts#a", "b.ts#inner", "c.ts#I", "c.ts#I.x", "more.ts#more", "run.js#run"]
    assert entry_points(files) == dict.fromkeys(expected, "exported")


def test_barrels_that_lead_to_each_other_end() -> None:
    files = {
        "package.json": '{"main": "a.ts"}',
        "a.ts": "export * from './b'",
        "b.ts": "export * from './a'\nexport const x = 1",
    }
    assert entry_points(files) == {"b.ts#x": "exported"}


def test_what_the_public_modules_of_an_installed_package_have_and_list() -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'lib'\n",
        "src/lib/__init__.py": "from lib._impl import made, kept\n__all__ = ['made']\n",
        "src/lib/_impl.py": "def made(): ...\ndef kept(): ...\n",
        "src/lib/public.py": "def public(): ...\ndef _private(): ...\n",
    }
    assert entry_points(files) == {"src/lib/_impl.py#made": "exported", "src/lib/public.py#public": "exported"}


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        ("pyproject.toml", "[project.scripts]\nrun = 'tool.cli:main'"),
        ("pyproject.toml", "[project.entry-points.'flake8.extension']\nX = 'tool.cli:main.inner [extra]'"),
        ("pyproject.toml", "[tool.poetry.scripts]\nrun = 'tool.cli:main'"),
        ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    run = tool.cli:main\n"),
        ("setup.py", "setup(entry_points={'console_scripts': ['run=tool.cli:main']})"),
    ],
)
def test_what_commands_of_a_package_run(manifest: str, text: str) -> None:
    files = {manifest: text, "tool/__init__.py": "", "tool/cli.py": "def main(): ...\ndef other(): ...\n"}
    assert entry_points(files)["tool/cli.py#main"] == "script"
    assert entry_points(files).get("tool/cli.py#other") != "script"


def test_of_several_reasons_the_most_telling_is_given() -> None:
    files = {
        "pyproject.toml": "[project]\nname = 'x'\nscripts = {run = 'x:main'}",
        "x.py": "__all__ = ['main', 'view']\n@app.get('/')\ndef main(): ...\n@app.get('/')\ndef view(): ...\n",
    }
    assert entry_points(files) == {"x.py#main": "script", "x.py#view": "decorator"}
