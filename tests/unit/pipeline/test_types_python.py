"""What values are in Python, shown by the members that are found of them."""

import pytest

from support.program import meaning

LIB = """
from __future__ import annotations
import enum
from collections.abc import Iterator, Callable, AsyncIterator
from contextlib import contextmanager, asynccontextmanager
from dataclasses import dataclass
from typing import Generic, NamedTuple, Optional, TypeVar, Protocol, Self
T = TypeVar("T")
K = TypeVar("K", bound="A")
class A:
    def m(self) -> B: ...
    def me(self): return self
    def same(self: K) -> K: return self
    def mine(self) -> Self: return self
    @property
    def p(self): return B()
    def set(self): self.late = B()
    def __enter__(self): return self
    def __getitem__(self, i) -> B: ...
    @classmethod
    def build(cls): return cls()
class B:
    def n(self): ...
    one = 1
class Sub(A):
    def k(self): ...
class Base:
    held: A
    def __init__(self): self.loose = A()
class Heir(Base):
    def __init__(self):
        self.held = None
        self.loose = B()
class Box(Generic[T]):
    def __init__(self, inner: T): self.inner = inner
    def get(self) -> T: return self.inner
class Boxes(Box[list[T]]): ...
class It:
    def __iter__(self) -> Iterator[A]: ...
@dataclass
class Data:
    a: A
    bs: list[B]
class Named(NamedTuple):
    a: A
class Color(enum.Enum):
    RED = 1
    def shade(self): ...
def make() -> A: ...
def inferred(): return A()
def either(x): return A() if x else None
async def soon() -> A: ...
def each() -> Iterator[A]: ...
def pair() -> tuple[A, B]: ...
def first(xs: list[T]) -> T: ...
def kind(c: type[T]) -> T: ...
def apply(f: Callable[[A], B]) -> None: ...
def maker() -> Callable[[], A]: ...
def fallback(): return None or A()
@contextmanager
def managed() -> Iterator[A]: ...
@asynccontextmanager
async def managed_soon() -> AsyncIterator[A]: ...
table: dict[str, A] = {}
listed = [A()]
nothing: Optional[A] = None
quoted: "A | None" = None
"""
IMPORTS = "from lib import *\nfrom typing import Any, Union, cast\nimport typing as t\nimport asyncio\n"


def of(source: str) -> str | None:
    """What is marked, without its kind."""
    found = meaning({"lib.py": LIB, "main.py": IMPORTS + source})
    return found and found.partition(" ")[2].removeprefix("lib.py#")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        # results
        ("inferred().«m»()", "A.m"),
        ("either(1).«m»()", "A.m"),
        ("fallback().«m»()", "A.m"),
        ("make().p.«n»()", "B.n"),
        ("maker()().«m»()", "A.m"),
        ("async def f(): (await soon()).«m»()", "A.m"),
        (
            "async def f(): (await asyncio.wait_for(soon(), 1)).«m»()",
            "A.m",
        ),
        # what a method was called on
        ("Sub().me().«k»()", "Sub.k"),
        ("Sub().same().«k»()", "Sub.k"),
        ("Sub().mine().«k»()", "Sub.k"),
        ("A.build().«m»()", "A.m"),
        ("with Sub() as s: s.«k»()", "Sub.k"),
        # members that methods set, and that bases declare
        ("make().«late»", "A.late"),
        ("make().late.«n»()", "B.n"),
        ("Heir().«held»", "Base.held"),
        ("Heir().«loose»", "Heir.loose"),
        ("Data(make(), []).«a»", "Data.a"),
        ("Named(make()).a.«m»()", "A.m"),
        ("Color.RED.«shade»()", "Color.shade"),
        ("for c in Color: c.«shade»()", "Color.shade"),
        # generics
        ("Box(make()).get().«m»()", "A.m"),
        ("def f(b: Box[A]): b.inner.«m»()", "A.m"),
        ("def f(b: Boxes[A]): b.get()[0].«m»()", "A.m"),
        ("first([make()]).«m»()", "A.m"),
        ("kind(A).«m»()", "A.m"),
        ("def f(c: type[A]): c().«m»()", "A.m"),
        ("def f(c: type[A]): c.«build»()", "A.build"),
        ("class G[T]:\n def get(self) -> T: ...\ndef f(g: G[A]): g.get().«m»()", "A.m"),
        # containers
        ("for a in listed: a.«m»()", "A.m"),
        ("listed[0].«m»()", "A.m"),
        ("listed[1:][0].«m»()", "A.m"),
        ("[a for a in listed][0].«m»()", "A.m"),
        ("{1: make()}[1].«m»()", "A.m"),
        ("for key, a in table.items(): a.«m»()", "A.m"),
        ("table['x'].«m»()", "A.m"),
        ("table.get('x').«m»()", "A.m"),
        ("for i, a in enumerate(listed): a.«m»()", "A.m"),
        ("for a, b in zip(listed, [B()]): b.«n»()", "B.n"),
        ("sorted(listed)[0].«m»()", "A.m"),
        ("next(iter(listed)).«m»()", "A.m"),
        ("for a in each(): a.«m»()", "A.m"),
        ("for a in It(): a.«m»()", "A.m"),
        ("make()[0].«n»()", "B.n"),
        ("a, b = pair(); b.«n»()", "B.n"),
        ("pair()[1].«n»()", "B.n"),
        ("def f(*args: A): args[0].«m»()", "A.m"),
        ("def f(**options: A): options['x'].«m»()", "A.m"),
        # statements that bind
        ("with managed() as a: a.«m»()", "A.m"),
        ("async def f():\n async with managed_soon() as a: a.«m»()", "A.m"),
        ("class E(Exception):\n def e(self): ...\ntry: ...\nexcept E as e: e.«e»()", "main.py#E.e"),
        ("def f():\n if (a := make()): a.«m»()", "A.m"),
        ("def f(a=make()): a.«m»()", "A.m"),
        ("apply(lambda a: a.«m»())", "A.m"),
        ("def f():\n a = make()\n a = a.m()\n a.«n»()", "B.n"),
        ("def f():\n a = make()\n if a:\n  a = a.m()\n  a.«n»()", "B.n"),
        # annotations
        ("nothing.«m»()", "A.m"),
        ("quoted.«m»()", "A.m"),
        ("def f(a: Union[A, None]): a.«m»()", "A.m"),
        ("def f(a: 't.Optional[A]'): a.«m»()", "A.m"),
        ("def f(a: t.Annotated[A, 1]): a.«m»()", "A.m"),
        ("cast(A, x).«m»()", "A.m"),
        ("cast('A', x).«m»()", "A.m"),
        ("t.cast('list[A]', x)[0].«m»()", "A.m"),
        # conditions
        ("def f(x):\n if isinstance(x, A): x.«m»()", "A.m"),
        ("def f(x):\n if not isinstance(x, A): return\n x.«m»()", "A.m"),
        ("def f(x): return isinstance(x, A) and x.«m»()", "A.m"),
        ("def f(x): return x.«m»() if isinstance(x, A) else 1", "A.m"),
        ("def f(x):\n assert isinstance(x, A)\n x.«m»()", "A.m"),
        ("def f(x: A | B):\n if isinstance(x, A): return\n x.«n»()", "B.n"),
        ("class C:\n def m(self): ...\ndef f(x: A | C):\n if isinstance(x, A): ...\n else: x.«m»()", "main.py#C.m"),
        ("def f(x: A):\n if isinstance(x, Sub):\n  x = A()\n  x.«m»()", "A.m"),
        ("def f(x: A):\n if isinstance(x, Sub):\n  [x.«m»() for x in [A()]]", "A.m"),
        ("class C:\n def f(self, o):\n  if isinstance(o.x, A): o.x.«m»()", "A.m"),
    ],
)
def test_members_of_values(source: str, expected: str) -> None:
    assert of(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "listed.«append»(1)",
        "table.«items»()",
        "'x'.«m»()",
        "def f(a): a.«m»()",
        "def f(a: Any): a.«m»()",
        "def f(a: T): a.«m»()",
        "def list(x): ...\nlist(make())[0].«m»()",
        "def f(): return f()\nf().«m»()",
        "class C(C): ...\nC().«m»()",
        "a = a.x\na.«m»()",
        "def g():\n yield 1\n return A()\ng().«m»()",
        "v = (1, 2)\nv = (v[0], v[1])\nv[0].«m»()",
        "class C:\n def f(self):\n  self.a = (self.a[0], 1)\n  self.a[0].«m»",
        "V = TypeVar('V', bound='V')\ndef f(x: V): x.«m»()",
        "x: 'type[()]'\nx.«m»()",
        "pair()[2].«m»()",
        "def f(x: t.Literal['A']): x.«m»()",
    ],
)
def test_what_is_not_of_the_repository_or_not_known_has_no_target(source: str) -> None:
    assert of(source) in ("?", None, "(typing)")


def test_what_a_local_is_depends_on_the_place_where_it_is_used() -> None:
    first = "def f():\n a: A = x\n b = a\n b.«m»()\n b = B()\n b.n()"
    second = "def f():\n a: A = x\n b = a\n b.m()\n b = B()\n b.«n»()"
    assert (of(first), of(second)) == ("A.m", "B.n")
