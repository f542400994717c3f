"""What names in Python refer to."""

import pytest

from support.program import Sources, marked, meaning, meanings, refs

# ---- kinds -----------------------------------------------------------------------------------------------------------

LIB = {
    "lib.py": """
        def f(): ...
        class C:
            p = 1
            def __init__(self): self.q = 2
            def m(self) -> "C": ...
            @classmethod
            def make(cls): return cls()
            @staticmethod
            def s(): ...
            @property
            def prop(self) -> "C": ...
        k = 1
        def deco(f): return f
    """
}
IMPORTS = "import lib\nfrom lib import f, C, k, deco\n"


def with_lib(source: str) -> str | None:
    """What is marked in a file that imports all there is."""
    return meaning(LIB | {"main.py": IMPORTS + source})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from lib import «f»", "import lib.py#f"),
        ("from lib import «f» as g", "import lib.py#f"),
        ("from lib import f as «g»", None),
        ("from lib import (\n    C,\n    «f»,\n)", "import lib.py#f"),
        ("import «lib»", "import lib.py"),
        ("import «lib» as l", "import lib.py"),
        ("import lib as «l»", None),
        ("from «lib» import f", None),
        ("def g():\n    from lib import «f»", "import lib.py#f"),
        ("def g():\n    import «lib»", "import lib.py"),
        ("from lib import «missing»", "import ?"),
        ("import «missing»", "import (missing)"),
        ("from package import «f»", "import (package)"),
        ("from __future__ import «annotations»", None),
    ],
)
def test_imports(source: str, expected: str | None) -> None:
    assert meaning(LIB | {"main.py": source}) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("«f»()", "call lib.py#f"),
        ("lib.«f»()", "call lib.py#f"),
        ("«lib».f()", "read lib.py"),
        ("g(«f»())", "call lib.py#f"),
        ("«C»()", "instantiation lib.py#C"),
        ("lib.«C»()", "instantiation lib.py#C"),
        ("C.«s»()", "call lib.py#C.s"),
        ("C.«make»()", "call lib.py#C.make"),
        ("C.«m»(None)", "call lib.py#C.m"),
        ("C().«m»()", "call lib.py#C.m"),
        ("C().m().«m»()", "call lib.py#C.m"),
        ("(C()\n .m()\n .«m»())", "call lib.py#C.m"),
        ("await «f»()", "call lib.py#f"),
        ("f'{«f»()}'", "call lib.py#f"),
        ("f'{«k»!r:>{k}}'", "read lib.py#k"),
        ("print(*«f»())", "call lib.py#f"),
        ("class A(«C»): ...", "extends lib.py#C"),
        ("class A(lib.«C»): ...", "extends lib.py#C"),
        ("class A(«lib».C): ...", "read lib.py"),
        ("class A(«C»[int]): ...", "extends lib.py#C"),
        ("class A(B, «C»): ...", "extends lib.py#C"),
        ("class A(B[«C»]): ...", "read lib.py#C"),
        ("class A(metaclass=«C»): ...", "read lib.py#C"),
        ("class A(«f»()): ...", "call lib.py#f"),
        ("@«deco»\ndef g(): ...", "decorator lib.py#deco"),
        ("@«deco»(1)\ndef g(): ...", "decorator lib.py#deco"),
        ("@lib.«deco»\ndef g(): ...", "decorator lib.py#deco"),
        ("@lib.«deco»(1)\nclass A: ...", "decorator lib.py#deco"),
        ("@deco(«k»)\ndef g(): ...", "read lib.py#k"),
        ("class A:\n    @«deco»\n    def m(self): ...", "decorator lib.py#deco"),
        ("C().«p»", "property lib.py#C.p"),
        ("C().«q»", "property lib.py#C.q"),
        ("C().«prop»", "property lib.py#C.prop"),
        ("C().prop.«m»()", "call lib.py#C.m"),
        ("lib.«k»", "property lib.py#k"),
        ("C.«p»", "property lib.py#C.p"),
        ("«k»", "read lib.py#k"),
        ("g(«f»)", "read lib.py#f"),
        ("g(a=«f»)", "read lib.py#f"),
        ("[«f»]", "read lib.py#f"),
        ("{«k»: 1}", "read lib.py#k"),
        ("{**«k»}", "read lib.py#k"),
        ("x[«k»]", "read lib.py#k"),
        ("x[1:«k»]", "read lib.py#k"),
        ("x = «f»", "read lib.py#f"),
        ("raise «C»", "read lib.py#C"),
        ("raise «C»()", "instantiation lib.py#C"),
        ("try: ...\nexcept «C»: ...", "read lib.py#C"),
        ("try: ...\nexcept (A, «C») as e: ...", "read lib.py#C"),
        ("try: ...\nexcept lib.«C» as e: ...", "property lib.py#C"),
        ("try: ...\nexcept* «C»: ...", "read lib.py#C"),
        ("with «f»() as x: ...", "call lib.py#f"),
        ("with «k»: ...", "read lib.py#k"),
        ("for x in «k»: ...", "read lib.py#k"),
        ("assert «k», 'text'", "read lib.py#k"),
        ("lambda: «k»", "read lib.py#k"),
        ("[x for x in «k»]", "read lib.py#k"),
        ("[«f»(x) for x in y]", "call lib.py#f"),
        ("isinstance(x, «C»)", "read lib.py#C"),
        ("match x:\n    case «C»(): ...", "read lib.py#C"),
        ("match x:\n    case «C»(p=1): ...", "read lib.py#C"),
        ("match x:\n    case lib.«k»: ...", "property lib.py#k"),
        ("match «k»:\n    case 1: ...", "read lib.py#k"),
        ("match x:\n    case 1 if «k»: ...", "read lib.py#k"),
        ("print(«k», sep='')", "read lib.py#k"),
        ("def g(a=«k»): ...", "read lib.py#k"),
        ("def g(): yield «k»", "read lib.py#k"),
        ("def g(): return «k»", "read lib.py#k"),
        ("if «k»: ...", "read lib.py#k"),
        ("while not «k»: ...", "read lib.py#k"),
        ("x = 1 if «k» else 2", "read lib.py#k"),
    ],
)
def test_calls_bases_decorators_and_reads(source: str, expected: str) -> None:
    assert with_lib(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "def g(a: «C»): ...",
        "def g(a: lib.«C»): ...",
        "def g(a: «C» = None): ...",
        "def g(*a: «C»): ...",
        "def g(**a: «C»): ...",
        "def g(*, a: «C»): ...",
        "def g() -> «C»: ...",
        "def g() -> list[«C»]: ...",
        "def g() -> dict[str, «C»]: ...",
        "def g() -> dict[str, list[«C»]]: ...",
        "def g() -> «C» | None: ...",
        "def g() -> None | «C»: ...",
        "def g() -> Callable[[«C»], None]: ...",
        "def g() -> 'C | «C»': ...",
        "def g() -> '«C»': ...",
        "def g() -> 'lib.«C»': ...",
        "def g() -> 'list[«C»]': ...",
        "def g() -> 'dict[str, lib.«C»]': ...",
        "def g() -> list['«C»']: ...",
        "def g() -> '«C»' | None: ...",
        "def g() -> Optional['«C»']: ...",
        "def g() -> Annotated[«C», 'text']: ...",
        "x: «C»",
        "x: «C» = None",
        "x: '«C»' = None",
        "class A:\n    x: «C»",
        "class A:\n    def __init__(self):\n        self.x: «C» = None",
        "type A = «C»",
        "type A = list[«C»]",
        "def g[T: «C»](a: T): ...",
        "class A[T: «C»]: ...",
    ],
)
def test_types(source: str) -> None:
    assert with_lib(source) == "type lib.py#C"


@pytest.mark.parametrize(
    "source",
    [
        "def g(a: Literal['«C»']): ...",
        "def g(a: Literal['f', '«C»']): ...",
        "def g(a: Annotated[int, '«C»']): ...",
        "def g(a: typing.Literal['«C»']): ...",
        "def g(a: Optional[Literal['«C»']]): ...",
        "x = '«C»'",
        "g('«C»')",
        "x['«C»']",
        "def g(a='«C»'): ...",
    ],
)
def test_a_text_that_is_no_annotation_is_no_reference(source: str) -> None:
    assert with_lib(source) is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("lib.«k» = 1", "write lib.py#k"),
        ("lib.«k» += 1", "write lib.py#k"),
        ("C.«p» = 1", "write lib.py#C.p"),
        ("C().«p» = 1", "write lib.py#C.p"),
        ("C().«q»: int = 1", "write lib.py#C.q"),
        ("C().«p», x = 1, 2", "write lib.py#C.p"),
        ("(C().«p», x) = 1, 2", "write lib.py#C.p"),
        ("for C().«p» in x: ...", "write lib.py#C.p"),
        ("with x as C().«p»: ...", "write lib.py#C.p"),
        ("del C().«p»", "write lib.py#C.p"),
        ("w = 1\n«w» = 2", "write main.py#w"),
        ("w = 1\n«w» += 2", "write main.py#w"),
        ("w = 1\n«w», x = 2", "write main.py#w"),
        ("w = 1\nfor «w» in x: ...", "write main.py#w"),
        ("w = 1\nwith x as «w»: ...", "write main.py#w"),
        ("w = 1\n(«w» := 2)", "write main.py#w"),
        ("w = 1\ndef g():\n    global w\n    «w» = 2", "write main.py#w"),
        ("w = 1\ndef g():\n    global w\n    «w» += 2", "write main.py#w"),
        ("w = 1\ndef g():\n    global «w»", None),
        ("w = 1\ndef g():\n    global w\n    for «w» in x: ...", "write main.py#w"),
        ("w = 1\ndef g():\n    global w\n    return «w»", "read main.py#w"),
        ("w = 1\nclass A:\n    def m(self):\n        global w\n        «w» = 2", "write main.py#w"),
    ],
)
def test_writes(source: str, expected: str | None) -> None:
    assert with_lib(source) == expected


# ---- locals ----------------------------------------------------------------------------------------------------------

X = {"x.py": "def x(): ..."}


def with_x(source: str) -> str | None:
    """What is marked in a file that imports `x`."""
    return meaning(X | {"main.py": f"from x import x\n{source}"})


@pytest.mark.parametrize(
    "source",
    [
        "def g(x): «x»",
        "def g(«x»): ...",
        "def g(x=1): «x»",
        "def g(x: int): «x»",
        "def g(x: int = 1): «x»",
        "def g(*x): «x»",
        "def g(*x: int): «x»",
        "def g(**x): «x»",
        "def g(*, x): «x»",
        "def g(x, /): «x»",
        "def g(x):\n    def h(): «x»",
        "def g(x):\n    return lambda: «x»",
        "def g(x):\n    class A:\n        def m(self): «x»",
        "def g(x):\n    class A:\n        y = «x»",
        "async def g(x): «x»",
        "lambda x: «x»",
        "lambda *x: «x»",
        "lambda x=1: «x»",
        "lambda y, x: lambda: «x»",
        "def g():\n    x = 1\n    «x»",
        "def g():\n    «x»\n    x = 1",
        "def g():\n    if y:\n        x = 1\n    «x»",
        "def g():\n    x: int\n    «x»",
        "def g():\n    x: int = 1\n    «x»",
        "def g():\n    x, y = 1\n    «x»",
        "def g():\n    (x, y) = 1\n    «x»",
        "def g():\n    [x, y] = 1\n    «x»",
        "def g():\n    y, (z, x) = 1\n    «x»",
        "def g():\n    y, *x = 1\n    «x»",
        "def g():\n    y = x = 1\n    «x»",
        "def g():\n    for x in y: ...\n    «x»",
        "def g():\n    for y, x in z: «x»",
        "def g():\n    for (y, x) in z: «x»",
        "async def g():\n    async for x in y: «x»",
        "def g():\n    while y:\n        x = 1\n    «x»",
        "def g():\n    with y as x: «x»",
        "def g():\n    with y as (z, x): «x»",
        "def g():\n    with (a as y, b as x): «x»",
        "async def g():\n    async with y as x: «x»",
        "def g():\n    try: ...\n    except E as x: «x»",
        "def g():\n    try: ...\n    except* E as x: «x»",
        "def g():\n    if (x := 1): «x»",
        "def g():\n    [x := z for z in y]\n    «x»",
        "def g():\n    import x\n    x = 1\n    «x» = 2",
        "def g():\n    match y:\n        case x: «x»",
        "def g():\n    match y:\n        case [x, 1]: «x»",
        "def g():\n    match y:\n        case [1, *x]: «x»",
        "def g():\n    match y:\n        case {'a': x}: «x»",
        "def g():\n    match y:\n        case {**x}: «x»",
        "def g():\n    match y:\n        case A(x): «x»",
        "def g():\n    match y:\n        case A(b=x): «x»",
        "def g():\n    match y:\n        case A() as x: «x»",
        "def g():\n    match y:\n        case (1 | 2) as x: «x»",
        "def g():\n    match y:\n        case [A(b=[x])]: «x»",
        "match y:\n    case A(«x»=1): ...",
        "[«x» for x in y]",
        "{«x» for x in y}",
        "{«x»: 1 for x in y}",
        "{1: «x» for x in y}",
        "(«x» for x in y)",
        "f(«x» for x in y)",
        "[x for x in y if «x»]",
        "[z for x in y for z in «x»]",
        "[«x» for z, x in y]",
        "[«x» for z, (x, w) in y]",
        "[[«x» for z in y] for x in w]",
        "f(«x»=1)",
        "def g():\n    x = 1\n    def h():\n        nonlocal x\n        «x» = 2",
        "def g():\n    x = 1\n    def h():\n        nonlocal «x»",
        "def g():\n    x = 1\n    def h():\n        nonlocal x\n        return «x»",
        "def g[x](y: «x»): ...",
        "class A[x]:\n    y: «x»",
        "class A[x](B[«x»]): ...",
        "type A[x] = list[«x»]",
    ],
)
def test_a_local_is_no_reference(source: str) -> None:
    assert with_x(source) is None


@pytest.mark.parametrize(
    "source",
    [
        "def g(x): ...\n«x»",
        "def g():\n    x = 1\n«x»",
        "def g(y=«x»): ...",
        "def g(x=«x»): ...",
        "def g(x: int = «x»): ...",
        "def g(y=«x»):\n    x = 1",
        "lambda x=«x»: 1",
        "lambda x: 1; «x»",
        "[x for x in y]; «x»",
        "{x: 1 for x in y}; «x»",
        "def g():\n    global x\n    return «x»",
        "global x\n«x»",
        "def g(x):\n    def h():\n        global x\n        return «x»",
        "class A:\n    x = 1\n    def m(self): «x»",
        "class A:\n    x = 1\n    y = lambda: «x»",
        "class A:\n    def x(self): ...\n    def m(self): «x»",
        "class A:\n    x = 1\n    y = [«x» for z in w]",
        "class A:\n    y = «x»",
        "class A:\n    def m(self, y=«x»): ...",
        "def g():\n    return «x»",
        "def g():\n    def h(): return «x»",
        "def g():\n    def h():\n        x = 1\n    return «x»",
        "def g[x](): ...\n«x»",
        "y.x = «x»",
        "f(x=«x»)",
    ],
)
def test_a_name_is_bound_no_further_than_its_scope(source: str) -> None:
    assert with_x(source) == "read x.py#x"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def g():\n    def x(): ...\n    «x»()", "call main.py#g.x"),
        ("def g():\n    «x»()\n    def x(): ...", "call main.py#g.x"),
        ("def g():\n    class x: ...\n    «x»()", "instantiation main.py#g.x"),
        ("def g():\n    from y import x\n    «x»()", "call y.py#x"),
        ("def g():\n    import y as x\n    x.«x»()", "call y.py#x"),
        ("class A:\n    x = 1\n    y = «x»", "read main.py#A.x"),
        ("class A:\n    class x: ...\n    class B(«x»): ...", "extends main.py#A.x"),
        ("class A:\n    x = 1\n    def m(self, y=«x»): ...", "read main.py#A.x"),
        ("class A:\n    def x(): ...\n    @«x»\n    def m(self): ...", "decorator main.py#A.x"),
    ],
)
def test_an_inner_symbol_hides_an_import(source: str, expected: str) -> None:
    assert meaning(X | {"y.py": "def x(): ...", "main.py": f"from x import x\n{source}"}) == expected


# ---- modules ---------------------------------------------------------------------------------------------------------

PACKAGE = {
    "pkg/__init__.py": "from .a import f as handed_on\nfrom . import b\nown = 1",
    "pkg/a.py": "def f(): ...\nclass C:\n    def m(self): ...",
    "pkg/b.py": "def g(): ...",
    "pkg/sub/__init__.py": "",
    "pkg/sub/deep.py": "def h(): ...",
}


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("main.py", "import pkg\npkg.«own»", "property pkg/__init__.py#own"),
        ("main.py", "import pkg\npkg.«handed_on»()", "call pkg/a.py#f"),
        ("main.py", "import pkg.a\npkg.a.«f»()", "call pkg/a.py#f"),
        ("main.py", "import pkg.a\n«pkg».a.f()", "read pkg/__init__.py"),
        ("main.py", "import pkg.a\npkg.«a».f()", "property pkg/a.py"),
        ("main.py", "import «pkg».a", "import pkg/__init__.py"),
        ("main.py", "import pkg.«a»", "import pkg/a.py"),
        ("main.py", "import pkg.sub.deep\npkg.sub.deep.«h»()", "call pkg/sub/deep.py#h"),
        ("main.py", "import pkg.sub.«deep»", "import pkg/sub/deep.py"),
        ("main.py", "import pkg.«sub».deep", "import pkg/sub/__init__.py"),
        ("main.py", "import pkg.sub.deep as d\nd.«h»()", "call pkg/sub/deep.py#h"),
        ("main.py", "import pkg.a as a\na.«f»()", "call pkg/a.py#f"),
        ("main.py", "from pkg import «a»", "import pkg/a.py"),
        ("main.py", "from pkg import a\na.«f»()", "call pkg/a.py#f"),
        ("main.py", "from pkg import «own»", "import pkg/__init__.py#own"),
        ("main.py", "from pkg import «handed_on»", "import pkg/a.py#f"),
        ("main.py", "from pkg.a import C\nC().«m»()", "call pkg/a.py#C.m"),
        ("main.py", "from pkg.sub import deep\ndeep.«h»()", "call pkg/sub/deep.py#h"),
        ("main.py", "from pkg import sub\nsub.deep.«h»()", "call pkg/sub/deep.py#h"),
        ("pkg/c.py", "from . import «own»", "import pkg/__init__.py#own"),
        ("pkg/c.py", "from .a import «f»", "import pkg/a.py#f"),
        ("pkg/c.py", "from .sub.deep import «h»", "import pkg/sub/deep.py#h"),
        ("pkg/sub/c.py", "from .. import a\na.«f»()", "call pkg/a.py#f"),
        ("pkg/sub/c.py", "from ..a import «f»", "import pkg/a.py#f"),
        ("pkg/sub/c.py", "from . import «deep»", "import pkg/sub/deep.py"),
        ("pkg/sub/c.py", "from ... import «nothing»", "import ?"),
        ("pkg/c.py", "from pkg.a import «f»", "import pkg/a.py#f"),
    ],
)
def test_ways_to_import(path: str, source: str, expected: str) -> None:
    assert meaning(PACKAGE | {path: source}) == expected


def test_a_reference_has_the_name_of_its_target_whatever_it_is_called_here() -> None:
    files = {
        "deep.py": "class Original: ...",
        "barrel.py": "from deep import Original as Renamed",
        "main.py": "from barrel import «Renamed» as Local\n«Local»()",
    }
    assert [each.name for each in marked(files)] == ["Original", "Original"]


def test_a_reference_to_a_package_has_the_name_it_has_there() -> None:
    files: Sources = {"main.py": "from numpy import «array» as a\n«a»()\nimport numpy\n«numpy».«zeros»()"}
    assert [(each.name, each.said()) for each in marked(files)] == [
        ("array", "import (numpy)"),
        ("array", "call (numpy)"),
        ("numpy", "read (numpy)"),
        ("zeros", "call (numpy)"),
    ]


def test_a_name_of_a_package_goes_before_its_submodule() -> None:
    files = {
        "pkg/__init__.py": "def a(): ...",
        "pkg/a.py": "",
        "main.py": "from pkg import a\n«a»()",
    }
    assert meaning(files) == "call pkg/__init__.py#a"


def test_names_handed_on_through_several_packages() -> None:
    files = {
        "p/__init__.py": "from .q import *",
        "p/q/__init__.py": "from .r import inner as outer\nfrom .s import *",
        "p/q/r.py": "from .t import inner",
        "p/q/s.py": "other = 1",
        "p/q/t.py": "def inner(): ...",
        "main.py": "from p import outer, other\n«outer»(«other»)",
    }
    assert meanings(files) == ["call p/q/t.py#inner", "read p/q/s.py#other"]


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("def f(): ...", "f", "call m.py#f"),
        ("def _f(): ...", "_f", "call ?"),
        ("__all__ = ['f']\ndef f(): ...", "f", "call m.py#f"),
        ("__all__ = ['g']\ndef f(): ...", "f", "call ?"),
        ("__all__ = ['_f']\ndef _f(): ...", "_f", "call m.py#_f"),
        ("__all__ = []\n__all__ += ['f']\ndef f(): ...", "f", "call m.py#f"),
        ("__all__ = ('f',)\ndef f(): ...", "f", "call m.py#f"),
        ("from deep import f", "f", "call deep.py#f"),
        ("from deep import f as g", "g", "call deep.py#f"),
        ("from deep import *", "f", "call deep.py#f"),
        ("from deep import *\n__all__ = ['f']", "f", "call deep.py#f"),
        ("from deep import *\n__all__ = ['g']", "f", "call ?"),
    ],
)
def test_star_imports(module: str, name: str, expected: str) -> None:
    files = {"m.py": module, "deep.py": "def f(): ...", "main.py": f"from m import *\n«{name}»()"}
    assert meaning(files) == expected


def test_an_own_name_goes_before_a_star_import() -> None:
    files = {"a.py": "def f(): ...", "main.py": "from a import *\ndef f(): ...\n«f»()"}
    assert meaning(files) == "call main.py#f"


def test_cycles_of_imports_are_followed_once() -> None:
    files = {
        "a.py": "from b import *\nin_a = 1",
        "b.py": "from c import *\nfrom a import *",
        "c.py": "from a import *\nin_c = 1",
        "main.py": "from c import in_a\nfrom a import in_c, nowhere\n«in_a»; «in_c»; «nowhere»",
    }
    assert meanings(files) == ["read a.py#in_a", "read c.py#in_c", "read ?"]


def test_names_that_only_name_each_other_mean_nothing() -> None:
    files = {"a.py": "from b import x", "b.py": "from a import x", "main.py": "from a import x\n«x»()"}
    assert meaning(files) == "call ?"


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    from fast import f\nexcept ImportError:\n    from slow import f\n«f»()",
        "if sys.platform == 'win32':\n    from fast import f\nelse:\n    from slow import f\n«f»()",
    ],
)
def test_of_conditional_imports_the_first_counts(source: str) -> None:
    files = {"fast.py": "def f(): ...", "slow.py": "def f(): ...", "main.py": source}
    assert meaning(files) == "call fast.py#f"


def test_of_conditional_imports_one_in_the_repository_goes_before_a_package() -> None:
    source = "try:\n    from package import f\nexcept ImportError:\n    from slow import f\n«f»()"
    assert meaning({"slow.py": "def f(): ...", "main.py": source}) == "call slow.py#f"


def test_a_conditional_definition() -> None:
    source = "try:\n    from package import f\nexcept ImportError:\n    def f(): ...\n«f»()"
    assert meaning({"main.py": source}) == "call main.py#f"


def test_imports_for_type_checking() -> None:
    source = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from lib import C
        def g(a: "«C»", b: «C»): a.«m»()
    """
    assert meanings(LIB | {"main.py": source}) == ["type lib.py#C", "type lib.py#C", "call lib.py#C.m"]


def test_an_import_in_a_function_binds_there_alone() -> None:
    source = "def g():\n    from lib import f\n    «f»()\n«f»()"
    assert meanings(LIB | {"main.py": source}) == ["call lib.py#f", "call ?"]


def test_a_stub_speaks_for_a_module_without_source() -> None:
    files = {
        "native.pyi": "def f() -> C: ...\nclass C:\n    def m(self): ...",
        "main.py": "import native\nnative.f().«m»()",
    }
    assert meaning(files) == "call native.pyi#C.m"


def test_a_private_name_can_be_imported_by_its_name() -> None:
    files = {"a.py": "__all__ = []\ndef _f(): ...", "main.py": "from a import _f\n«_f»()"}
    assert meaning(files) == "call a.py#_f"


def test_what_a_module_imports_can_be_imported_from_it() -> None:
    files = {"a.py": "from b import f\nimport c", "b.py": "def f(): ...", "c.py": "def g(): ...",
             "main.py": "from a import f, c\n«f»(); c.«g»()"}  # fmt: skip
    assert meanings(files) == ["call b.py#f", "call c.py#g"]


# ---- classes and types -----------------------------------------------------------------------------------------------

CLASSES = {
    "lib.py": """
        from __future__ import annotations
        from typing import Optional
        class D:
            def d(self): ...
        class Base:
            def b(self): ...
            def over(self): ...
            @classmethod
            def create(cls): return cls()
        class C(Base):
            noted: D
            assigned = D()
            maybe: Optional[D] = None
            def __init__(self, given: D, plain=None):
                self.given = given
                self.made = D()
                self.plain = plain
                self.later: D = make_d()
                self.called = make_d()
            def m(self) -> D: ...
            async def soon(self) -> D: ...
            def over(self): ...
            def __enter__(self): return self
            @property
            def prop(self) -> D: ...
            @classmethod
            def build(cls) -> C: ...
            @staticmethod
            def stat() -> D: ...
        def make_d() -> D: ...
        def make() -> C: ...
        def maybe() -> Optional[C]: ...
        def quoted() -> "C": ...
        async def soon() -> C: ...
        shared = C(D())
        declared: C = make()
    """
}
CLASS_IMPORTS = (
    "import lib\nfrom typing import *\nfrom lib import C, D, Base, make, maybe, quoted, soon, shared, declared\n"
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("c = C()\nc.«m»()", "lib.py#C.m"),
        ("def g():\n    c = C()\n    c.«m»()", "lib.py#C.m"),
        ("def g():\n    c: C = x\n    c.«m»()", "lib.py#C.m"),
        ("def g():\n    c = lib.C()\n    c.«m»()", "lib.py#C.m"),
        ("def g():\n    c = make()\n    c.«m»()", "lib.py#C.m"),
        ("def g():\n    c = maybe()\n    c.«m»()", "lib.py#C.m"),
        ("def g():\n    c = quoted()\n    c.«m»()", "lib.py#C.m"),
        ("async def g():\n    c = await soon()\n    c.«m»()", "lib.py#C.m"),
        ("async def g():\n    (await make().soon()).«d»()", "lib.py#D.d"),
        ("def g():\n    with C() as c: c.«m»()", "lib.py#C.m"),
        ("def g():\n    if (c := C()): c.«m»()", "lib.py#C.m"),
        ("def g(c: C): c.«m»()", "lib.py#C.m"),
        ("def g(c: 'C'): c.«m»()", "lib.py#C.m"),
        ("def g(c: lib.C): c.«m»()", "lib.py#C.m"),
        ("def g(c: C | None): c.«m»()", "lib.py#C.m"),
        ("def g(c: None | C): c.«m»()", "lib.py#C.m"),
        ("def g(c: Optional[C] = None): c.«m»()", "lib.py#C.m"),
        ("def g(c: Optional['C'] = None): c.«m»()", "lib.py#C.m"),
        ("def g(c: Annotated[C, 1]): c.«m»()", "lib.py#C.m"),
        ("def g(c: C = None):\n    def h(): c.«m»()", "lib.py#C.m"),
        ("def g(c: C): return lambda: c.«m»()", "lib.py#C.m"),
        ("make().«m»()", "lib.py#C.m"),
        ("make().m().«d»()", "lib.py#D.d"),
        ("make().noted.«d»()", "lib.py#D.d"),
        ("make().assigned.«d»()", "lib.py#D.d"),
        ("make().maybe.«d»()", "lib.py#D.d"),
        ("make().given.«d»()", "lib.py#D.d"),
        ("make().made.«d»()", "lib.py#D.d"),
        ("make().later.«d»()", "lib.py#D.d"),
        ("make().called.«d»()", "lib.py#D.d"),
        ("make().prop.«d»()", "lib.py#D.d"),
        ("make().«plain»", "lib.py#C.plain"),
        ("make().«b»()", "lib.py#Base.b"),
        ("make().«over»()", "lib.py#C.over"),
        ("C.«create»()", "lib.py#Base.create"),
        ("C.build().«m»()", "lib.py#C.m"),
        ("C.stat().«d»()", "lib.py#D.d"),
        ("shared.«m»()", "lib.py#C.m"),
        ("declared.«m»()", "lib.py#C.m"),
        ("lib.shared.«m»()", "lib.py#C.m"),
        ("class A(C):\n    def n(self): self.«m»()", "lib.py#C.m"),
        ("class A(C):\n    def n(self): self.«b»()", "lib.py#Base.b"),
        ("class A(C):\n    def n(self): self.«given»", "lib.py#C.given"),
        ("class A(C):\n    def n(self): self.given.«d»()", "lib.py#D.d"),
        ("class A(C):\n    def over(self): super().«over»()", "lib.py#C.over"),
        ("class A(C):\n    def over(self): super(A, self).«over»()", "lib.py#C.over"),
        ("class A(lib.C):\n    def n(self): self.«m»()", "lib.py#C.m"),
        ("class A:\n    def __init__(self, c: C): self.c = c\n    def n(self): self.c.«m»()", "lib.py#C.m"),
        ("class A:\n    c: C\n    def n(self): self.c.«m»()", "lib.py#C.m"),
        ("class A:\n    def __init__(self):\n        self.c = C()\n        self.c.«m»()", "lib.py#C.m"),
    ],
)
def test_members_of_values_whose_type_is_plain(source: str, expected: str) -> None:
    (found,) = marked(CLASSES | {"main.py": CLASS_IMPORTS + source})
    assert found.target == expected


@pytest.mark.parametrize(
    "source",
    [
        "def g(c): c.«m»()",
        "def g(c: Any): c.«m»()",
        "def g(c: Missing): c.«m»()",
        "def g(c: list[C]): c.«m»()",
        "def g():\n    c = C()\n    c = D()\n    c.«m»()",
        "def g():\n    for c in shared: c.«m»()",
        "def self_less(self): self.«m»()",
        "class A:\n    def n(self): self.«missing»()",
        "class A:\n    @staticmethod\n    def n(self): self.«n»()",
        "C().«missing»()",
        "lib.«missing»()",
        "'text'.«m»()",
        "x().«m»()",
    ],
)
def test_a_member_of_an_unknown_value_has_no_target(source: str) -> None:
    (found,) = marked(CLASSES | {"main.py": CLASS_IMPORTS + source})
    assert (found.target, found.resolution) == (None, None)


def test_self_and_cls_and_super() -> None:
    source = """
        class Base:
            def a(self): ...
            def b(self): ...
            @classmethod
            def c(cls): ...
        class C(Base):
            def __init__(self):
                self.x = 1
                self._y = self.«x»
            def a(self):
                super().«a»(); self.«a»(); self.«b»(); self.«x» = 2; this = self; this.«x»
            @classmethod
            def d(cls):
                cls.«c»(); cls.«d»(); cls().«a»(); return «cls»()
            @staticmethod
            def e(): C.«d»()
            def f(this): this.«x»
            def __new__(cls): cls.«d»()
            def g(self):
                def h(): self.«x»
                return lambda: self.«x»
    """
    assert meanings({"main.py": source}) == [
        "property main.py#C.x",
        "call main.py#Base.a",
        "call main.py#C.a",
        "call main.py#Base.b",
        "write main.py#C.x",
        "property main.py#C.x",
        "call main.py#Base.c",
        "call main.py#C.d",
        "call main.py#C.a",
        None,
        "call main.py#C.d",
        "property main.py#C.x",
        "call main.py#C.d",
        "property main.py#C.x",
        "property main.py#C.x",
    ]


def test_an_attribute_is_defined_where_it_is_first_set() -> None:
    source = """
        class C:
            def __init__(self):
                self.«x» = 1
                self.«x» = 2
            def m(self):
                self.«x» += 1
    """
    assert meanings({"main.py": source}) == [None, "write main.py#C.x", "write main.py#C.x"]


def test_inheritance_through_several_files() -> None:
    files = {
        "a.py": "class A:\n    def deep(self): ...\n    def over(self): ...",
        "b.py": "from a import A\nclass B(A):\n    def over(self): ...",
        "pkg/__init__.py": "from b import B as Renamed",
        "main.py": """
            import pkg
            class C(pkg.Renamed):
                def m(self): self.«deep»(); self.«over»(); super().«over»()
            C().«deep»()
        """,
    }
    assert meanings(files) == ["call a.py#A.deep", "call b.py#B.over", "call b.py#B.over", "call a.py#A.deep"]


@pytest.mark.parametrize(
    ("bases", "expected"),
    [
        ("class L(Top): ...\nclass R(Top):\n    def m(self): ...", "call main.py#R.m"),
        ("class L(Top):\n    def m(self): ...\nclass R(Top):\n    def m(self): ...", "call main.py#L.m"),
        ("class L(Top): ...\nclass R(Top): ...", "call main.py#Top.m"),
        ("class LL(Top): ...\nclass L(LL): ...\nclass R(Top):\n    def m(self): ...", "call main.py#R.m"),
        ("class LL:\n    def m(self): ...\nclass L(LL): ...\nclass R(Top): ...", "call main.py#LL.m"),
    ],
)
def test_diamonds_follow_the_method_resolution_order(bases: str, expected: str) -> None:
    source = f"class Top:\n    def m(self): ...\n{bases}\nclass C(L, R): ...\nC().«m»()"
    assert meaning({"main.py": source}) == expected


def test_classes_that_extend_each_other_end_the_search() -> None:
    source = """
        class A(B):
            def a(self): self.«b»(); self.«c»()
        class B(A):
            def b(self): ...
    """
    assert meanings({"main.py": source}) == ["call main.py#B.b", "call ?"]


def test_a_member_of_a_class_with_a_base_from_outside_may_be_from_there() -> None:
    source = "from django.views import View\nclass A(View):\n    def m(self): self.«setup»(); self.«m»()"
    assert meanings({"main.py": source}) == ["call (django)", "call main.py#A.m"]


# ---- what stays unresolved -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from package import f\n«f»()", "call (package)"),
        ("from package.deep import f\n«f»()", "call (package)"),
        ("import package\npackage.«f»()", "call (package)"),
        ("import package.deep\npackage.deep.«f»()", "call (package)"),
        ("import package as p\np.«f»()", "call (package)"),
        ("from package import f\nf.«f»()", "call (package)"),
        ("from package import f\nf().«f»()", "call (package)"),
        ("from package import A\ndef g(a: A): a.«f»()", "call (package)"),
        ("from package import *\n«f»()", "call ?"),
        ("from .missing import f\n«f»()", "call ?"),
        ("«f»()", "call ?"),
        ("x.«f»()", "call ?"),
        ("«print»()", "call ?"),
    ],
)
def test_the_same_name_elsewhere_is_no_target(source: str, expected: str) -> None:
    files = {"main.py": source, "other.py": "def f(): ...\nclass A:\n    def f(self): ...\ndef print(): ..."}
    assert meaning(files) == expected


def test_a_name_bound_by_an_external_import_has_no_target_in_the_repository() -> None:
    files = {
        "main.py": "from ui import Button\nb: Button = Button.of()\nclass A(Button): ...\n__all__ = ['Button']",
        "button.py": "class Button:\n    @classmethod\n    def of(cls): ...",
    }
    assert {target for _, _, _, target, _ in refs(files, "main.py")} == {None}


# ---- how sure, and where ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("def g(): ...\n«g»()", "scope"),
        ("«f»()", "import"),
        ("from lib import «f» as h", "import"),
        ("lib.«f»()", "member"),
        ("C.«s»()", "member"),
        ("class A:\n    def a(self): self.«b»()\n    def b(self): ...", "member"),
        ("C().«m»()", "type"),
        ("C().prop.«m»()", "type"),
    ],
)
def test_every_target_says_how_it_was_found(source: str, how: str) -> None:
    (found,) = marked(LIB | {"main.py": IMPORTS + source})
    assert found.resolution == how


@pytest.mark.parametrize(
    ("source", "enclosing"),
    [
        ("«f»()", None),
        ("def g(): «f»()", "main.py#g"),
        ("def g(): return lambda: «f»()", "main.py#g"),
        ("def g(a=«f»()): ...", "main.py#g"),
        ("def g(a: «C»): ...", "main.py#g"),
        ("@«deco»\ndef g(): ...", "main.py#g"),
        ("class A:\n    def m(self): «f»()", "main.py#A.m"),
        ("class A:\n    p = «f»()", "main.py#A.p"),
        ("class A:\n    def __init__(self):\n        self.p = «f»()", "main.py#A.p"),
        ("class A(«C»): ...", "main.py#A"),
        ("a = «f»()", "main.py#a"),
        ("def g():\n    def h(): «f»()", "main.py#g.h"),
        ("class A: ...\n«f»()", None),
    ],
)
def test_a_reference_knows_the_innermost_symbol_around_it(source: str, enclosing: str | None) -> None:
    (found,) = marked(LIB | {"main.py": IMPORTS + source})
    assert found.enclosing == enclosing


def test_the_references_of_a_file() -> None:
    files = {
        "main.py": "from lib import f as g\n\ndef h(x: int):\n    return g(x, other)\n",
        "lib.py": "def f(): ...",
    }
    assert refs(files, "main.py") == [
        ("1:16", "import", "f", "lib.py#f", "import"),
        ("3:9", "type", "int", None, None),
        ("4:11", "call", "f", "lib.py#f", "import"),
        ("4:16", "read", "other", None, None),
    ]


def test_definitions_are_no_references() -> None:
    source = """
        def f(a, *b, c=1, **d): e = a
        class C:
            p = 1
            q: "C"
            def __init__(self): self.x = 1
        a = b, c = 1
        [d, e] = 1, 2
        for i in (): pass
        type T[U] = U
    """
    assert refs({"main.py": source}, "main.py") == [("5:8", "type", "C", "main.py#C", "scope")]


def test_a_long_line_of_classes_is_followed_for_a_while() -> None:
    chain = "class A0:\n    def m(self): ...\n" + "".join(f"class A{n + 1}(A{n}): ...\n" for n in range(3_000))
    assert meaning({"main.py": chain + "A490().«m»()\n"}) == "call main.py#A0.m"
    assert meaning({"main.py": chain + "A3000().«m»()\n"}) == "call ?"
