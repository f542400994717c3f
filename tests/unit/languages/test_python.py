"""What the corpus cannot show of Python: ranges, signatures, docstrings."""

import pytest

from support.languages import symbols_of


@pytest.mark.parametrize(
    ("source", "name", "signature"),
    [
        ("async def f(\n    a: int = 1,\n) -> str:\n    pass", "f", "async def f( a: int = 1, ) -> str"),
        ("def f(a='#', # one\n  b=2):  # two\n    pass", "f", "def f(a='#', b=2)"),
        ("@dec\ndef f(): pass", "f", "def f()"),
        ("class A(B, metaclass=M): pass", "A", "class A(B, metaclass=M)"),
        ("class A: pass", "A", "class A"),
        ("class A[T]: pass", "A", "class A[T]"),
        ("LIMIT: Final[int] = 3", "LIMIT", "LIMIT: Final[int] = 3"),
        ("BIG = [\n  1,\n]", "BIG", "BIG"),
        ("a, b = 1, 2", "b", "a, b = 1, 2"),
        ("f = lambda x: x", "f", "f = lambda x"),
        ("type V[T] = list[T]", "V", "type V[T] = list[T]"),
        ("class A:\n    def __init__(self):\n        self.x: int = 1", "A.x", "self.x: int = 1"),
    ],
)
def test_signature(source: str, name: str, signature: str) -> None:
    assert symbols_of("python", source)[name].signature == signature


@pytest.mark.parametrize(
    ("source", "name", "documentation"),
    [
        ('def f():\n    """One.\n\n    Two.\n      Three.\n    """', "f", "One.\n\nTwo.\n  Three."),
        ('class A:\n    r"""Raw \\d."""', "A", "Raw \\d."),
        ("def f():\n    'single'", "f", "single"),
        ('def f():\n    # comment\n    """Doc."""\n    pass', "f", "Doc."),
        ('@dec\ndef f():\n    """Doc."""', "f", "Doc."),
        ('def f():\n    """\\\n    Continued."""', "f", "Continued."),
        ('LIMIT = 3\n"""Doc of LIMIT."""', "LIMIT", "Doc of LIMIT."),
        ('class A:\n    x: int\n    """Doc of x."""', "A.x", "Doc of x."),
        ('def f():\n    x = 1\n    """No doc."""', "f", None),
        ('def f():\n    b"bytes"', "f", None),
        ('def f():\n    f"formatted"', "f", None),
        ('def f():\n    """"""', "f", None),
        ('"""Of the module."""\ndef f(): pass', "f", None),
    ],
)
def test_documentation(source: str, name: str, documentation: str | None) -> None:
    assert symbols_of("python", source)[name].documentation == documentation


def test_the_range_begins_with_the_decorators() -> None:
    symbol = symbols_of("python", "x\n\n@one\n# comment\n@two(1)\nclass A:\n    pass\n")["A"]
    assert (symbol.line_start, symbol.column_start, symbol.line_end, symbol.column_end) == (3, 0, 7, 8)
    assert (symbol.name_line, symbol.name_column) == (6, 6)


def test_two_classes_next_to_each_other_do_not_share_a_decorator() -> None:
    symbols = symbols_of("python", "@one\nclass A: pass\n@two\nclass B: pass\n")
    assert [symbol.line_start for symbol in symbols.values()] == [1, 3]


@pytest.mark.parametrize(
    ("declared", "exported"),
    [
        ("", True),
        ("__all__ = []", False),
        ("__all__ = ['other']", False),
        ("__all__ = ['f']", True),
        ("__all__ = ('other', 'f')", True),
        ("__all__ = ['other'] + ['f']", True),
        ("__all__ = ['other'] + other.__all__", False),
        ("__all__ = []\n__all__ += ['f']", True),
        ("__all__ = []\n__all__.append('f')", True),
        ("__all__: list[str] = ['f']", True),
        ("__all__ = other.__all__", True),
    ],
)
def test_what_all_says(declared: str, exported: bool) -> None:
    assert symbols_of("python", f"{declared}\ndef f(): pass")["f"].exported is exported


@pytest.mark.parametrize(
    ("name", "access"), [("x", "public"), ("_x", "protected"), ("__x", "private"), ("__x__", "public")]
)
def test_underscores_are_access(name: str, access: str) -> None:
    assert symbols_of("python", f"class A:\n    {name} = 1")[f"A.{name}"].access == access


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("class A:\n def f(self): self.x = 1\n def g(self): self.x = 2", {"A", "A.f", "A.g", "A.x"}),
        ("class A:\n def f(self): self.x, self.y = 1, 2", {"A", "A.f", "A.x", "A.y"}),
        ("class A:\n def f(self):\n  def g(): self.x = 1", {"A", "A.f", "A.f.g"}),
        ("try:\n import a\nexcept ImportError:\n a = None", set()),
        ("from a import b as c\nc = 1", set()),
        ("a = 1\nfrom b import a", {"a"}),
        ("for i, (a, b) in x: ...", {"i", "a", "b"}),
        ("with x as y: ...", {"y"}),
        ("def f():\n for i in x: ...", {"f"}),
        ("[i for i in x]", set()),
    ],
)
def test_what_is_a_symbol(source: str, names: set[str]) -> None:
    assert symbols_of("python", source).keys() == names


@pytest.mark.parametrize("declared", ["x: int", "@property\n def x(self): ...", "def x(self): ..."])
def test_an_attribute_that_the_class_declares_is_that(declared: str) -> None:
    symbols = symbols_of("python", f"class A:\n def __init__(self): self.x = 1\n {declared}")
    assert symbols["A.x"].line_start > 2
