"""Which class extends or implements which, and which member stands in the place of which other."""

import pytest

from support.program import relations


def within(source: str, path: str = "a.ts") -> list[str]:
    """The relations in one file, without its path."""
    return [each.replace(f"{path}#", "") for each in relations({path: source})]


def overrides(source: str, path: str = "a.py") -> list[str]:
    return [each for each in within(source, path) if " overrides " in each]


def test_a_class_extends_and_implements_and_an_interface_extends() -> None:
    assert within("""
        interface A {}
        interface B extends A {}
        class C {}
        class D extends C implements A, B {}
    """) == ["B extends A", "D extends C", "D implements A", "D implements B"]


def test_through_imports_barrels_and_aliases() -> None:
    assert relations({
        "a.ts": "export class A { m() {} }\nexport interface I { n(): void }\nexport type J = I\n",
        "barrel.ts": "export * from './a'\n",
        "b.ts": "import { A as Base, J } from './barrel'\nclass B extends Base implements J { m() {} n() {} }\n",
    }) == [
        "b.ts#B extends a.ts#A",
        "b.ts#B implements a.ts#I",
        "b.ts#B.m overrides a.ts#A.m",
        "b.ts#B.n overrides a.ts#I.n",
    ]  # fmt: skip


def test_a_class_implements_a_type_of_an_object() -> None:
    assert within("type T = { m(): void }\nclass C implements T { m() {} }") == ["C implements T", "C.m overrides T.m"]


def test_a_protocol_is_an_interface_which_classes_implement() -> None:
    source = """
        from typing import Protocol
        class P(Protocol):
            def m(self): ...
        class Q(P, Protocol): ...
        class C(Q):
            def m(self): ...
    """
    assert within(source, "a.py") == ["C implements Q", "C.m overrides P.m", "Q extends P"]


def test_what_is_overridden_is_the_nearest_that_is_inherited() -> None:
    assert overrides("""
        class A:
            def m(self): ...
            def n(self): ...
        class B(A):
            def m(self): ...
        class C(B):
            def m(self): ...
            def n(self): ...
    """) == ["B.m overrides A.m", "C.m overrides B.m", "C.n overrides A.n"]


def test_of_two_bases_both_are_overridden_unless_one_inherits_from_the_other() -> None:
    assert overrides("""
        class A:
            def m(self): ...
        class B(A):
            def m(self): ...
        class Plain(A): ...
        class Other:
            def m(self): ...
        class C(Plain, B, Other):
            def m(self): ...
    """) == ["B.m overrides A.m", "C.m overrides B.m", "C.m overrides Other.m"]


def test_an_interface_that_a_base_implements_is_reached_through_it() -> None:
    assert within("""
        interface I { m(): void; n(): void }
        abstract class B implements I { m() {} abstract n(): void }
        abstract class Bare implements I {}
        class C extends B implements I { m() {} }
        class D extends Bare { n() {} }
    """) == [
        "B implements I", "B.m overrides I.m", "B.n overrides I.n", "Bare implements I", "C extends B",
        "C implements I", "C.m overrides B.m", "D extends Bare", "D.n overrides I.n",
    ]  # fmt: skip


def test_properties_and_accessors_override_each_other_and_one_of_the_same_kind_before_others() -> None:
    assert within("""
        class A { x = 1; get y() { return 1 } set y(to) {} get z() { return 1 } }
        class B extends A { get x() { return 1 } get y() { return 1 } set y(to) {} z = 2 }
    """) == [
        "B extends A", "B.x overrides A.x", "B.y overrides A.y", "B.y(2) overrides A.y(2)", "B.z overrides A.z",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("a.ts", "constructor() {}"),
        ("a.ts", "#x = 1"),
        ("a.py", "def __init__(self): ..."),
        ("a.py", "def __x(self): ..."),
        ("a.py", "class Meta: ..."),
    ],
)
def test_constructors_private_members_and_inner_classes_override_nothing(path: str, member: str) -> None:
    if path == "a.ts":
        assert within(f"class A {{ {member} }}\nclass B extends A {{ {member} }}") == ["B extends A"]
    else:
        assert overrides(f"class A:\n    {member}\nclass B(A):\n    {member}\n") == []


def test_special_methods_and_attributes_do() -> None:
    assert overrides("""
        class A:
            kind = 1
            def __init__(self): self.own = 1
            def __str__(self): ...
        class B(A):
            kind = 2
            def __init__(self): self.own = 2
            def __str__(self): ...
    """) == ["B.__str__ overrides A.__str__", "B.kind overrides A.kind", "B.own overrides A.own"]


def test_overloads_are_one_member_and_a_class_in_two_branches_is_one_class() -> None:
    assert within("""
        class A { m(x: string): void; m(x: number): void; m(x: unknown) {} }
        class B extends A { m(x: string): void; m(x: unknown) {} }
    """) == ["B extends A", "B.m overrides A.m"]
    source = """
        class A: ...
        class B: ...
        if A:
            class C(A):
                def m(self): ...
        else:
            class C(B):
                def m(self): ...
        class D(C):
            def m(self): ...
    """
    assert within(source, "a.py") == ["C extends A", "C extends B", "D extends C", "D.m overrides C.m"]


def test_a_class_that_shares_its_name_with_an_interface_is_what_is_extended() -> None:
    assert within("interface A { m(): void }\nclass A { n() {} }\nclass B extends A { m() {} n() {} }") == [
        "B extends A(2)",
        "B.m overrides A.m",
        "B.n overrides A.n",
    ]


def test_nothing_is_related_to_what_is_outside_or_to_itself() -> None:
    assert (
        relations({"a.ts": "import { X } from 'x'\nclass A extends X { m() {} }\nclass B extends B { m() {} }"}) == []
    )
    assert overrides("class A(B):\n    def m(self): ...\nclass B(A):\n    def m(self): ...\n") == [
        "A.m overrides B.m",
        "B.m overrides A.m",
    ]


def test_a_chain_that_was_made_to_be_long_is_followed_for_a_while() -> None:
    classes = "".join(f"class C{number}(C{number - 1}): ...\n" for number in range(1, 300))
    source = f"class C0:\n    def m(self): ...\n{classes}class Last(C{{}}):\n    def m(self): ...\n"
    assert overrides(source.replace("{}", "50")) == ["Last.m overrides C0.m"]
    assert overrides(source.replace("{}", "299")) == []
