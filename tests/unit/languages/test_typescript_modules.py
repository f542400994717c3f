"""How TypeScript and JavaScript find modules, as a specification: files, an import, where it leads."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kotadb.languages.modules import MISSING, Files, Location
from kotadb.languages.typescript.modules import typescript_modules

Contents = Mapping[str, object]
"""Path → text, or what is to be written there as JSON."""


def files(contents: Contents) -> Files:
    texts = {path: text if isinstance(text, str) else json.dumps(text) for path, text in contents.items()}
    return Files(frozenset(texts), texts.get)


def resolve(contents: Contents, importer: str, specifier: str) -> Location:
    return typescript_modules(files(contents)).resolve(importer, specifier)


def path_of(contents: Contents, importer: str, specifier: str) -> str | None:
    return resolve(contents, importer, specifier).path


def having(*paths: str) -> dict[str, object]:
    return dict.fromkeys(paths, "")


def options(**compiler_options: object) -> dict[str, object]:
    return {"compilerOptions": compiler_options}


# ---- relative specifiers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("specifier", "path"),
    [
        ("./b", "src/b.ts"),
        ("./b.ts", "src/b.ts"),
        ("./b.js", "src/b.ts"),
        ("../src/b", "src/b.ts"),
        (".\\b", "src/b.ts"),
        ("./view.jsx", "src/view.tsx"),
        ("./view.js", "src/view.tsx"),
        ("./module.mjs", "src/module.mts"),
        ("./common.cjs", "src/common.cts"),
        ("./typed", "src/typed.d.ts"),
        ("./typed.js", "src/typed.d.ts"),
        ("./plain", "src/plain.js"),
        ("./plain.mjs", "src/plain.mjs"),
        ("./user.service", "src/user.service.ts"),
        ("./data.json", "src/data.json"),
        ("./data", "src/data.json"),
        ("./late", "src/late.mts"),
        ("./style.css", "src/style.css"),
        ("./themes.css", "src/themes.d.css.ts"),
        ("./vanilla.css", "src/vanilla.css.ts"),
        ("./logo.svg?raw", "src/logo.svg"),
        ("./b?worker", "src/b.ts"),
        ("./odd?name", "src/odd?name.ts"),
        ("../LICENSE", "LICENSE"),
        ("./folder", "src/folder/index.ts"),
        ("./folder/", "src/folder/index.ts"),
        ("./folder/index.js", "src/folder/index.ts"),
        (".", "src/index.ts"),
        ("./", "src/index.ts"),
        ("..", "index.js"),
        ("../", "index.js"),
    ],
)
def test_a_relative_specifier_leads_to_a_file(specifier: str, path: str) -> None:
    contents = having(
        *("LICENSE", "index.js", "src/index.ts", "src/b.ts", "src/b.js", "src/view.tsx", "src/module.mts"),
        *("src/common.cts", "src/typed.d.ts", "src/typed.js", "src/plain.js", "src/plain.mjs", "src/user.service.ts"),
        *("src/data.json", "src/late.mts", "src/style.css", "src/themes.d.css.ts", "src/vanilla.css.ts"),
        *("src/logo.svg", "src/odd?name.ts", "src/folder/index.ts"),
    )
    assert path_of(contents, "src/a.ts", specifier) == path


@pytest.mark.parametrize("earlier", range(4))
def test_the_order_of_extensions_is_that_of_the_compiler(earlier: int) -> None:
    order = ["b.ts", "b.tsx", "b.d.ts", "b.js", "b.jsx"]
    assert path_of(having(*reversed(order[earlier:])), "a.ts", "./b") == order[earlier]


@pytest.mark.parametrize(("specifier", "path"), [("./b.js", "b.ts"), ("./b.jsx", "b.tsx"), ("./b.tsx", "b.tsx")])
def test_what_is_written_with_jsx_is_with_jsx(specifier: str, path: str) -> None:
    assert path_of(having("b.ts", "b.tsx"), "a.ts", specifier) == path


def test_a_file_wins_over_a_folder_unless_the_specifier_says_folder() -> None:
    contents = having("b.js", "b/index.ts")
    assert path_of(contents, "a.ts", "./b") == "b.js"
    assert path_of(contents, "a.ts", "./b/") == "b/index.ts"


@pytest.mark.parametrize(
    ("manifest", "path"),
    [
        ({"main": "./entry.js"}, "b/entry.ts"),
        ({"main": "entry"}, "b/entry.ts"),
        ({"main": "./inner"}, "b/inner/index.ts"),
        ({"types": "./types.d.ts", "main": "./entry.js"}, "b/types.d.ts"),
        ({"typings": "types"}, "b/types.d.ts"),
        ({"main": "./dist/entry.js"}, "b/index.ts"),
        ({"main": "."}, "b/index.ts"),
        ({"main": 5}, "b/index.ts"),
    ],
)
def test_a_folder_stands_for_what_its_package_json_names(manifest: object, path: str) -> None:
    contents = having("b/entry.ts", "b/types.d.ts", "b/inner/index.ts", "b/index.ts") | {"b/package.json": manifest}
    assert path_of(contents, "a.ts", "./b") == path


def test_a_folder_without_an_index_stands_for_what_its_package_json_exports() -> None:
    contents = having("b/src/main.ts") | {"b/package.json": {"exports": {".": "./src/main.js"}}}
    assert path_of(contents, "a.ts", "./b") == "b/src/main.ts"


@pytest.mark.parametrize(
    "specifier",
    ["./nowhere", "./b.css", "../../b", "/b", "/", "#b", "", "./b/c", "file:///b.ts", "@/b", "~/b", "./b\0"],
)
def test_what_can_only_be_in_the_repository_and_is_not_is_missing(specifier: str) -> None:
    assert resolve(having("b.ts"), "a.ts", specifier) == MISSING


# ---- packages from outside -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("specifier", "package"),
    [
        ("lodash", "lodash"),
        ("lodash/fp", "lodash"),
        ("lodash/fp.js?raw", "lodash"),
        ("@scope/pkg", "@scope/pkg"),
        ("@scope/pkg/deep/path", "@scope/pkg"),
        ("fs", "fs"),
        ("node:fs", "node:fs"),
        ("node:fs/promises", "node:fs"),
        ("bun:sqlite", "bun:sqlite"),
        ("npm:hono@4/jsx", "hono"),
        ("npm:@scope/pkg@^1.2/x", "@scope/pkg"),
        ("jsr:@std/path@1", "@std/path"),
        ("https://deno.land/x/foo/mod.ts", "deno.land/x/foo/mod.ts"),
        ("https://user:secret@example.org/mod.ts?token=1#x", "example.org/mod.ts"),
        ("data:text/javascript,1", "data:"),
    ],
)
def test_anything_else_is_a_package(specifier: str, package: str) -> None:
    assert resolve({}, "a.ts", specifier) == Location(package=package)


def test_a_module_has_no_submodules() -> None:
    assert typescript_modules(files(having("a/b.ts"))).submodule(Location(path="a/b.ts"), "c") == MISSING


# ---- tsconfig.json ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "specifier", "path"),
    [
        ({"@/*": ["./src/*"]}, "@/b", "src/b.ts"),
        ({"@/*": ["./src/*"]}, "@/folder", "src/folder/index.ts"),
        ({"@/*": ["./src/*"]}, "@/b.js", "src/b.ts"),
        ({"b": ["./src/b"]}, "b", "src/b.ts"),
        ({"b": ["./src/b.js"]}, "b", "src/b.js"),
        ({"@/*": ["./gone/*", "./src/*"]}, "@/b", "src/b.ts"),
        ({"*": ["./src/*"]}, "b", "src/b.ts"),
        ({"*": ["./src/*"], "@/*": ["./lib/*"]}, "@/b", "lib/b.ts"),
        ({"@/*": ["./src/*"], "@/fold*": ["./lib/*"]}, "@/folder", None),
        ({"@/*": ["./src/*"], "@/b": ["./lib/b"]}, "@/b", "lib/b.ts"),
        ({"#b": ["./src/b"]}, "#b", "src/b.ts"),
        ({"/*": ["./src/*"]}, "/b", "src/b.ts"),
        ({"*.web": ["./src/*"]}, "b.web", "src/b.ts"),
        ({"@/*": ["../../*"]}, "@/b", None),
        ({"@/*": "./src/*"}, "@/b", "src/b.ts"),
        ({"@/*": [5, None]}, "@/b", None),
        ({"@/**": ["./src/*"]}, "@/b", None),
    ],
)
def test_paths(paths: object, specifier: str, path: str | None) -> None:
    contents = having("src/b.ts", "src/b.js", "src/folder/index.ts", "lib/b.ts") | {
        "tsconfig.json": options(paths=paths)
    }
    assert path_of(contents, "src/a.ts", specifier) == path


def test_paths_do_not_count_for_relative_specifiers() -> None:
    contents = having("src/b.ts") | {"tsconfig.json": options(paths={"*": ["./src/*"]})}
    assert path_of(contents, "a.ts", "./b") is None


def test_paths_start_from_the_base_url() -> None:
    contents = having("src/app/b.ts") | {"tsconfig.json": options(baseUrl="./src", paths={"@/*": ["app/*"]})}
    assert path_of(contents, "src/a.ts", "@/b") == "src/app/b.ts"


def test_a_name_below_the_base_url_is_a_file() -> None:
    contents = having("src/app/b.ts") | {"tsconfig.json": options(baseUrl="src")}
    assert path_of(contents, "test/a.ts", "app/b") == "src/app/b.ts"
    assert resolve(contents, "test/a.ts", "lodash/b") == Location(package="lodash")


def test_an_alias_that_leads_nowhere_is_missing_unless_it_is_a_dependency() -> None:
    contents = {
        "tsconfig.json": options(paths={"app/*": ["./src/*"], "dep": ["./typings/dep"], "*": ["./vendor/*"]}),
        "package.json": {"dependencies": {"dep": "^1"}},
    }
    assert resolve(contents, "a.ts", "app/b") == MISSING
    assert resolve(contents, "a.ts", "dep") == Location(package="dep")
    assert resolve(contents, "a.ts", "lodash") == Location(package="lodash")


def test_an_alias_of_an_installed_file_is_a_package() -> None:
    contents = {"tsconfig.json": options(paths={"react": ["./node_modules/preact/compat"]})}
    assert resolve(contents, "a.ts", "react") == Location(package="react")


@pytest.mark.parametrize("name", ["tsconfig.json", "jsconfig.json"])
def test_the_nearest_configuration_counts(name: str) -> None:
    contents = having("app/src/b.ts", "src/b.ts") | {
        "tsconfig.json": options(paths={"@/*": ["./src/*"]}),
        f"app/{name}": options(paths={"@/*": ["./src/*"]}),
    }
    assert path_of(contents, "app/src/a.ts", "@/b") == "app/src/b.ts"
    assert path_of(contents, "other/a.ts", "@/b") == "src/b.ts"


def test_a_configuration_of_another_name_does_not_count() -> None:
    contents = having("src/b.ts") | {"tsconfig.build.json": options(paths={"@/*": ["./src/*"]})}
    assert path_of(contents, "a.ts", "@/b") is None


def test_comments_and_trailing_commas() -> None:
    text = '\ufeff{ // "a"\n "compilerOptions": { /* } */ "paths": { "//*": ["./src/*",], }, }, // end\n}'
    assert path_of(having("src/b.ts") | {"tsconfig.json": text}, "a.ts", "//b") == "src/b.ts"


BASE = options(paths={"@/*": ["./src/*"]})


@pytest.mark.parametrize(
    ("extends", "base"),
    [
        ("./base.json", "app/base.json"),
        ("./base", "app/base.json"),
        ("../configs/base.json", "configs/base.json"),
        (["./gone.json", "./base.json"], "app/base.json"),
    ],
)
def test_extends(extends: object, base: str) -> None:
    root = base.rpartition("/")[0]
    contents = having(f"{root}/src/b.ts") | {"app/tsconfig.json": {"extends": extends}, base: BASE}
    assert path_of(contents, "app/a.ts", "@/b") == f"{root}/src/b.ts"


@pytest.mark.parametrize(
    ("extends", "manifest"),
    [
        ("@org/configs/base.json", {}),
        ("@org/configs/base", {}),
        ("@org/configs/strict", {"exports": {"./strict": "./base.json"}}),
    ],
)
def test_extends_a_package_of_the_repository(extends: str, manifest: dict[str, object]) -> None:
    contents = having("configs/src/b.ts") | {
        "configs/package.json": {"name": "@org/configs"} | manifest,
        "configs/base.json": BASE,
        "app/tsconfig.json": {"extends": extends},
    }
    assert path_of(contents, "app/a.ts", "@/b") == "configs/src/b.ts"


def test_of_several_the_last_one_wins_and_its_heir_over_it() -> None:
    contents = having("one/b.ts", "two/b.ts", "own/b.ts") | {
        "one.json": options(paths={"@/*": ["./one/*"]}, baseUrl="."),
        "two.json": options(paths={"@/*": ["./two/*"]}),
        "tsconfig.json": {"extends": ["./one.json", "./two.json"]},
        "own/tsconfig.json": {"extends": "../tsconfig.json", **options(paths={"@/*": ["./own/*"]})},
    }
    assert path_of(contents, "a.ts", "@/b") == "two/b.ts"
    assert path_of(contents, "own/a.ts", "@/b") == "own/b.ts"


def test_the_folder_of_the_heir() -> None:
    contents = having("app/src/b.ts") | {
        "base.json": options(paths={"@/*": ["${configDir}/src/*"]}),
        "app/tsconfig.json": {"extends": "../base.json"},
    }
    assert path_of(contents, "app/a.ts", "@/b") == "app/src/b.ts"


def test_cyclic_extends() -> None:
    contents = having("src/b.ts") | {
        "tsconfig.json": {"extends": "./base.json"},
        "base.json": {"extends": ["./tsconfig.json", "./base.json"], **BASE},
    }
    assert path_of(contents, "a.ts", "@/b") == "src/b.ts"


def test_root_dirs_are_as_one_folder() -> None:
    contents = having("generated/views/b.ts") | {"tsconfig.json": options(rootDirs=["src", "generated"])}
    assert path_of(contents, "src/views/a.ts", "./b") == "generated/views/b.ts"


@pytest.mark.parametrize(
    ("importer", "path"),
    [
        ("src/a.ts", "src/b.ts"),
        ("src/deep/a.tsx", "src/b.ts"),
        ("src/a.test.ts", "test/b.ts"),
        ("test/a.ts", "test/b.ts"),
        ("scripts/deep/a.ts", "scripts/b.ts"),
        ("vite.config.ts", "node/b.ts"),
        ("elsewhere/a.ts", None),
    ],
)
def test_a_solution_leaves_it_to_the_configuration_that_holds_the_file(importer: str, path: str | None) -> None:
    contents = having("src/b.ts", "test/b.ts", "scripts/b.ts", "node/b.ts") | {
        "tsconfig.json": {
            "files": [],
            "references": [{"path": name} for name in ("./tsconfig.app.json", "./scripts/build.json", "./gone")],
        },
        "tsconfig.app.json": {
            **options(paths={"@/*": ["./src/*"]}),
            "include": ["src"],
            "exclude": ["**/*.test.ts"],
            "references": [{"path": "./tsconfig.test.json"}, {"path": "./tsconfig.node.json"}],
        },
        "tsconfig.test.json": {**options(paths={"@/*": ["./test/*"]}), "include": ["src/**/*.test.ts", "test/**/*"]},
        "tsconfig.node.json": {**options(paths={"@/*": ["./node/*"]}), "files": ["vite.config.ts"]},
        "scripts/build.json": options(paths={"@/*": ["./*"]}),
    }
    assert path_of(contents, importer, "@/b") == path


# ---- packages of the repository --------------------------------------------------------------------------------------


def package(name: str, **fields: object) -> dict[str, object]:
    return {"name": name, **fields}


@pytest.mark.parametrize(
    "listing",
    [
        {"package.json": {"workspaces": ["packages/*"]}},
        {"package.json": {"workspaces": {"packages": ["./packages/**"]}}},
        {"pnpm-workspace.yaml": "# members\npackages:\n  # all\n  - 'packages/*' # x\n\n  - apps/*\ncatalog:\n  - x"},
        {"pnpm-workspace.yaml": 'packages: ["apps/*", "packages/*"]'},
        {"lerna.json": {"packages": ["packages/*"]}},
        {"rush.json": {"projects": [{"projectFolder": "packages/b"}]}},
    ],
)
def test_a_member_of_a_workspace(listing: Contents) -> None:
    contents = having("packages/b/index.ts") | {"packages/b/package.json": package("b"), **listing}
    contents["packages/a/package.json"] = package("a", dependencies={"b": "^1"})
    assert path_of(contents, "packages/a/src/a.ts", "b") == "packages/b/index.ts"


@pytest.mark.parametrize(
    "listing", ["packages: {", "packages:\n- [", "packages: [a, 'b", "- packages/*", "packages:\n"]
)
def test_no_workspace(listing: str) -> None:
    contents = having("packages/b/index.ts") | {
        "pnpm-workspace.yaml": listing,
        "packages/b/package.json": package("b"),
        "package.json": package("root", dependencies={"b": "^1"}),
    }
    assert resolve(contents, "a.ts", "b") == Location(package="b")


def test_a_member_that_is_taken_out_again() -> None:
    contents = having("packages/b/index.ts") | {
        "package.json": {"workspaces": ["packages/*", "!packages/b"], "dependencies": {"b": "1"}},
        "packages/b/package.json": package("b"),
    }
    assert resolve(contents, "a.ts", "b") == Location(package="b")


def test_a_registrys_package_under_the_name_of_a_member() -> None:
    contents = having("b/index.ts") | {
        "package.json": {"workspaces": ["*"]},
        "a/package.json": package("a", dependencies={"b": "npm:b@1"}),
        "b/package.json": package("b"),
    }
    assert resolve(contents, "a/a.ts", "b") == Location(package="b")


def test_the_innermost_workspace_counts() -> None:
    contents = having("packages/b/index.ts", "example/packages/b/index.ts") | {
        "package.json": {"workspaces": ["packages/*"]},
        "example/package.json": {"workspaces": ["packages/*"]},
        "packages/b/package.json": package("b"),
        "example/packages/b/package.json": package("b"),
    }
    assert path_of(contents, "packages/a/a.ts", "b") == "packages/b/index.ts"
    assert path_of(contents, "example/a.ts", "b") == "example/packages/b/index.ts"


def test_a_package_knows_its_own_name() -> None:
    contents = having("src/index.ts") | {"package.json": package("@org/self", exports="./src/index.ts")}
    assert path_of(contents, "test/a.ts", "@org/self") == "src/index.ts"


@pytest.mark.parametrize(
    ("version", "path"),
    [
        (None, "b/index.ts"),
        ("file:../b", "b/index.ts"),
        ("link:../b", "b/index.ts"),
        ("^1.0.0", None),
        ("npm:c@1", None),
    ],
)
def test_a_package_that_is_in_no_workspace(version: str | None, path: str | None) -> None:
    dependencies = {} if version is None else {"b": version}
    contents = having("b/index.ts") | {
        "b/package.json": package("b"),
        "a/package.json": package("a", dependencies=dependencies),
    }
    assert path_of(contents, "a/a.ts", "b") == path


def test_a_package_of_the_repository_never_stands_for_a_builtin_or_a_registry() -> None:
    contents = having("events/index.js") | {"events/package.json": package("events")}
    assert resolve(contents, "a.ts", "events") == Location(package="events")
    assert resolve(contents, "a.ts", "npm:events@1") == Location(package="events")


def test_an_installed_package_that_is_tracked_is_none_of_the_repository() -> None:
    contents = having("node_modules/b/index.js") | {"node_modules/b/package.json": package("b")}
    assert resolve(contents, "a.ts", "b") == Location(package="b")


def in_package(manifest: dict[str, object], *paths: str, **config: object) -> dict[str, object]:
    """A workspace with the package `b`, and a package with a configuration that uses it."""
    return {
        "package.json": {"workspaces": ["*"]},
        "a/tsconfig.json": options(**config),
        "b/package.json": package("b", **manifest),
        **having(*(f"b/{path}" for path in paths)),
    }


@pytest.mark.parametrize(
    ("exports", "specifier", "path"),
    [
        ("./x.js", "b", "b/x.ts"),
        ({".": "./x.js"}, "b", "b/x.ts"),
        ({"import": "./x.js", "require": "./y.js"}, "b", "b/x.ts"),
        ({"require": "./y.js", "import": "./x.js"}, "b", "b/x.ts"),
        ({"types": "./t.d.ts", "default": "./x.js"}, "b", "b/t.d.ts"),
        ({"types@>=4.2": "./t.d.ts", "default": "./x.js"}, "b", "b/t.d.ts"),
        ({"browser": "./y.js", "default": "./x.js"}, "b", "b/x.ts"),
        ({"node": {"import": "./gone.js"}, "default": {"import": ["./gone.js", "./x.js"]}}, "b", "b/x.ts"),
        ({".": {"development": "./x.js", "default": "./gone.js"}}, "b", "b/x.ts"),
        ({"./sub": "./x.js"}, "b/sub", "b/x.ts"),
        ({"./sub": "./x.js"}, "b", None),
        ({"./*": "./deep/*.js"}, "b/z", "b/deep/z.ts"),
        ({"./*.js": "./deep/*.js"}, "b/z.js", "b/deep/z.ts"),
        ({"./*": "./x.js", "./*.js": "./deep/*.js"}, "b/z.js", "b/deep/z.ts"),
        ({"./": "./deep/"}, "b/z.js", "b/deep/z.ts"),
        ({"./*": "./deep/*.js", "./deep/*": None}, "b/deep/z", None),
        ({"./*": "./*.js", "./d*": "./deep/*.js"}, "b/dz", "b/deep/z.ts"),
        ({"./*": "./*/*.js"}, "b/deep", "b/deep/deep.ts"),
        ({"./package.json": "./package.json"}, "b/package.json", "b/package.json"),
        ({".": "../a/secret.js"}, "b", None),
        ({".": 5, "./sub": {"import": [None, {}, 7]}}, "b/sub", None),
        ({}, "b", None),
    ],
)
def test_exports(exports: object, specifier: str, path: str | None) -> None:
    paths = ("x.ts", "y.ts", "t.d.ts", "deep/z.ts", "deep/deep.ts")
    assert path_of(in_package({"exports": exports}, *paths), "a/a.ts", specifier) == path


def test_conditions_of_the_configuration() -> None:
    exports = {".": {"@org/source": "./src/x.ts", "types": "./x.d.ts", "default": "./x.js"}}
    paths = ("src/x.ts", "x.d.ts")
    assert path_of(in_package({"exports": exports}, *paths), "a/a.ts", "b") == "b/x.d.ts"
    custom = in_package({"exports": exports}, *paths, customConditions=["@org/source"])
    assert path_of(custom, "a/a.ts", "b") == "b/src/x.ts"


@pytest.mark.parametrize(
    ("importer", "path"),
    [("a/a.ts", "b/y.ts"), ("a/a.mts", "b/x.ts"), ("a/a.cts", "b/y.ts"), ("b/a.ts", "b/x.ts")],
)
def test_a_common_module_requires(importer: str, path: str) -> None:
    exports = {"import": "./x.js", "require": "./y.js"}
    contents = in_package({"exports": exports, "type": "module"}, "x.ts", "y.ts", module="nodenext")
    contents["b/tsconfig.json"] = contents["a/tsconfig.json"]
    assert path_of(contents, importer, "b") == path


@pytest.mark.parametrize(
    ("manifest", "specifier", "path"),
    [
        ({}, "b", "b/index.ts"),
        ({"main": "./x.js"}, "b", "b/x.ts"),
        ({"main": "./gone.js", "module": "./x.js"}, "b", "b/x.ts"),
        ({"main": "./x.js", "types": "./t.d.ts"}, "b", "b/t.d.ts"),
        ({}, "b/x", "b/x.ts"),
        ({}, "b/deep", "b/deep/index.ts"),
        ({}, "b/src-only", "b/src/src-only.ts"),
        ({}, "b/nowhere", None),
    ],
)
def test_a_package_without_exports(manifest: dict[str, object], specifier: str, path: str | None) -> None:
    paths = ("index.ts", "x.ts", "t.d.ts", "deep/index.ts", "src/src-only.ts")
    assert path_of(in_package(manifest, *paths), "a/a.ts", specifier) == path


def test_the_oldest_resolution_knows_no_exports() -> None:
    contents = in_package({"exports": {".": "./x.js"}, "main": "./y.js"}, "x.ts", "y.ts", moduleResolution="node")
    assert path_of(contents, "a/a.ts", "b") == "b/y.ts"


def test_what_a_member_does_not_have_is_missing() -> None:
    assert resolve(in_package({}, "index.ts"), "a/a.ts", "b/nowhere") == MISSING


@pytest.mark.parametrize(
    ("specifier", "location"),
    [
        ("#x", Location(path="src/x.ts")),
        ("#internal/x", Location(path="src/x.ts")),
        ("#b", Location(path="b/index.ts")),
        ("#dep", Location(package="dep")),
        ("#loop", MISSING),
        ("#gone", MISSING),
        ("#", MISSING),
    ],
)
def test_imports_of_the_package(specifier: str, location: Location) -> None:
    imports = {
        "#x": {"node": "./src/x.js", "default": "./gone.js"},
        "#internal/*": "./src/*.js",
        "#b": "b",
        "#dep": {"default": "dep/deep"},
        "#loop": "#loop",
        "#gone": "./gone.js",
    }
    contents = having("src/x.ts", "b/index.ts") | {
        "package.json": {"imports": imports, "workspaces": ["b"]},
        "b/package.json": package("b"),
    }
    assert resolve(contents, "src/a.ts", specifier) == location


@pytest.mark.parametrize(
    ("specifier", "location"),
    [
        ("app/x", Location(path="src/x.ts")),
        ("@std/path", Location(package="@std/path")),
        ("assert", Location(package="@std/assert")),
        ("preact/hooks", Location(package="preact")),
        ("other", Location(package="other")),
    ],
)
def test_the_import_map_of_deno(specifier: str, location: Location) -> None:
    imports = {
        "app/": "./src/",
        "@std/path": "jsr:@std/path@^1",
        "assert": "jsr:@std/assert",
        "preact/": "npm:/preact@10/",
    }
    assert resolve(having("src/x.ts") | {"deno.json": {"imports": imports}}, "test/a.ts", specifier) == location


# ---- from built files back to sources --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "source"),
    [
        ("./dist/x.js", "src/x.ts"),
        ("./dist/x.d.ts", "src/x.ts"),
        ("./dist/x.d.cts", "src/x.cts"),
        ("./lib/x.js", "src/x.jsx"),
        ("./build/x.js", "x.ts"),
        ("./dist/esm/x.mjs", "src/x.mts"),
        ("./dist/cjs/x.cjs", "src/x.ts"),
        ("./dist/src/x.js", "src/x.ts"),
        ("./dist/x", "src/x/index.ts"),
        ("./dist/style.css", "src/style.css"),
        ("./dist/x.esm.js", "src/x.ts"),
        ("./dist/b.esm-bundler.js", "src/index.ts"),
        ("./dist/bundle.js", "src/index.ts"),
        ("./dist/bundle.js", "index.ts"),
    ],
)
def test_a_built_entry_leads_to_its_source(target: str, source: str) -> None:
    assert path_of(in_package({"exports": target}, source), "a/a.ts", "b") == f"b/{source}"
    assert path_of(in_package({"main": target}, source), "a/a.ts", "b") == f"b/{source}"


def test_by_the_folders_of_the_compiler() -> None:
    contents = in_package({"exports": {"./*": "./output/types/*.d.ts"}}, "code/x.ts", "code/y.ts") | {
        "b/tsconfig.build.json": options(outDir="output", declarationDir="./output/types", rootDir="code"),
    }
    assert path_of(contents, "a/a.ts", "b/x") == "b/code/x.ts"


def test_a_built_file_that_is_in_the_repository_is_itself() -> None:
    contents = in_package({"main": "./dist/index.js"}, "dist/index.js", "src/index.ts")
    assert path_of(contents, "a/a.ts", "b") == "b/dist/index.js"


@pytest.mark.parametrize(
    ("specifier", "path"),
    [("../dist/cli.js", "src/cli.ts"), ("../dist/gone.js", None), ("../cli.js", None), ("../lib", "src/index.ts")],
)
def test_a_relative_path_to_what_will_be_built(specifier: str, path: str | None) -> None:
    assert path_of(having("src/cli.ts", "src/index.ts", "package.json"), "bin/run.js", specifier) == path


def test_paths_to_what_will_be_built() -> None:
    contents = having("packages/b/src/index.ts") | {
        "tsconfig.json": options(paths={"@org/*": ["./packages/*/dist"]}),
        "packages/b/package.json": "{}",
    }
    assert path_of(contents, "a.ts", "@org/b") == "packages/b/src/index.ts"


# ---- whatever a repository holds -------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "src", "dist", "..", ".", "", "*", "**", "@s", "node_modules", "x.js", "index.ts"])
PATHS = st.lists(NAMES, min_size=1, max_size=5).map("/".join)
VALUES = st.recursive(
    st.one_of(PATHS, st.text(max_size=5), st.none(), st.integers(), st.booleans(), PATHS.map("./".__add__)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PATHS | PATHS.map("./".__add__), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["extends", "references", "include", "files", "compilerOptions", "paths", "baseUrl", "rootDirs", "outDir"]
KEYS += ["rootDir", "name", "exports", "imports", "main", "types", "workspaces", "packages", "dependencies"]
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5)
CONFIGS = st.builds(lambda top, inner: json.dumps({**top, "compilerOptions": inner}), OBJECTS, OBJECTS)
FOLDERS = st.sampled_from(["", "a/", "a/b/", "src/"])
SPECIAL = st.builds(
    str.__add__,
    FOLDERS,
    st.sampled_from(["tsconfig.json", "package.json", "deno.json", "pnpm-workspace.yaml", "b.json"]),
)
REPOSITORIES = st.builds(
    dict.__or__,
    st.dictionaries(PATHS, st.just(""), max_size=6),
    st.dictionaries(SPECIAL, CONFIGS | st.text(max_size=30), max_size=6),
)
SPECIFIERS = st.one_of(PATHS, PATHS.map("./".__add__), PATHS.map("#".__add__), st.text(max_size=8))


@given(REPOSITORIES, st.lists(st.tuples(PATHS, SPECIFIERS), min_size=1, max_size=6))
def test_no_repository_is_too_strange(contents: dict[str, str], questions: list[tuple[str, str]]) -> None:
    repository = files(contents)
    forwards, backwards = typescript_modules(repository), typescript_modules(repository)
    answers = {question: forwards.resolve(*question) for question in questions}
    assert {question: backwards.resolve(*question) for question in reversed(questions)} == answers
    assert all(answer.path is None or answer.path in contents for answer in answers.values())


MANY = 20_000


@pytest.mark.parametrize(
    "text",
    [
        "[" * MANY,
        '{"extends":' * MANY,
        '{"paths": ' + "/*" * MANY,
        '\\"' * MANY,
        '{"a": ' + "9" * MANY + "}",
        json.dumps({"compilerOptions": {"paths": {f"{i}*{i}": ["*" * 100] for i in range(MANY)}}}),
        json.dumps({"include": ["**/*a*" * 20] * 1000, "references": [{"path": "."}] * MANY}),
        json.dumps({"exports": {f"./{i}/*": ["./*" * 300] * 5 for i in range(MANY // 10)}, "name": "a"}),
        json.dumps({"workspaces": ["**/*a*/" * 50] * MANY}),
        json.dumps({"extends": ["./tsconfig.json", "./package.json"] * MANY}),
        "packages:\n" + " -\n" * MANY,
    ],
)
@pytest.mark.timeout(10)
def test_what_is_made_to_take_long_does_not(text: str) -> None:
    names = ("tsconfig.json", "package.json", "pnpm-workspace.yaml", "deno.json")
    contents = dict.fromkeys(names, text) | having("/".join(["a" * 50] * 70) + "/b.ts")
    modules = typescript_modules(files(contents))
    for specifier in ("./b", "a", f"a/{'1/' * 400}", "#b", "1" * 900, f"{'a/' * 400}b"):
        modules.resolve("a/b.ts", specifier)


def test_thousands_of_bases_are_not_all_laid_over_each_other() -> None:
    contents = having("src/b.ts") | {
        f"base{number}.json": {"extends": [f"./base{other}.json" for other in range(number + 1, number + 20)]}
        for number in range(200)
    }
    contents["tsconfig.json"] = {"extends": "./base0.json", **BASE}
    assert path_of(contents, "a.ts", "@/b") == "src/b.ts"


# ---- what is for others ----------------------------------------------------------------------------------------------

SOURCES = having("p/src/index.ts", "p/src/cli.ts", "p/src/sub/a.ts", "p/src/other.ts", "elsewhere.ts")


@pytest.mark.parametrize(
    ("manifest", "published"),
    [
        ({"exports": {".": "./dist/index.js", "./a": {"import": "./dist/sub/a.js"}}}, {"index", "sub/a"}),
        ({"exports": "./src/other.ts"}, {"other"}),
        ({"exports": {"./*": "./dist/sub/*.js"}}, {"index", "cli", "sub/a", "other"}),
        ({"main": "lib/other.js"}, {"other"}),
        ({}, {"index"}),
        ({"bin": "./dist/cli.js"}, {"index", "cli"}),
        ({"exports": {}, "bin": {"p": "./src/cli.ts", "q": "../outside.js"}}, {"cli"}),
        ({"exports": {"./gone": "./gone.js"}}, set()),
    ],
)
def test_what_a_package_exports_or_runs_is_for_others(manifest: object, published: set[str]) -> None:
    modules = typescript_modules(files({**SOURCES, "p/package.json": manifest}))
    sources = {path.removeprefix("p/src/").removesuffix(".ts") for path in modules.published() if path.endswith(".ts")}
    assert sources == published
