"""Where a compiler says what is meant, that is what is meant."""

from kotadb.model import ReferenceKind, Resolution, SymbolKind
from kotadb.scip.compiled import Said
from kotadb.scip.merging import Edge, Occurrence, Scope, Target, merged
from kotadb.scip.scip_pb2 import SymbolRole

F = Target("a.ts", 1, 9, 1, 11, "f", SymbolKind.FUNCTION)
G = Target("b.ts", 1, 9, 2, 22, "g", SymbolKind.FUNCTION)
CLASS = Target("b.ts", 2, 6, 2, 23, "C", SymbolKind.CLASS)
TYPE = Target("b.ts", 3, 5, 2, 24, "T", SymbolKind.TYPE)
MEMBER = Target("b.ts", 4, 5, 2, 25, "m", SymbolKind.PROPERTY)
GETTER = Target("b.ts", 5, 5, 2, 26, "x", SymbolKind.GETTER)
SETTER = Target("b.ts", 6, 5, 2, 27, "x", SymbolKind.SETTER)


def edge(*targets: Target, before: str = "", text: str = "", after: str = "", roles: int = 0) -> Edge:
    return Edge(Said("a.ts", 9, 0, text or targets[0].name, before, after, "symbol", roles), targets)


def known(target: Target | None, kind: ReferenceKind = ReferenceKind.CALL) -> Occurrence:
    if target is None:
        return Occurrence(9, 0, kind, "name", 5, None, None, None, None)
    return Occurrence(9, 0, kind, "name", 5, target.file_id, target.symbol_id, Resolution.SCOPE, None)


def one(occurrences: list[Occurrence], edge: Edge, *scopes: Scope) -> Occurrence:
    [found] = merged(occurrences, {(9, 0): edge}, scopes)
    return found


def test_another_target_is_replaced_and_keeps_its_place() -> None:
    found = one([known(F)], edge(G))
    assert found == Occurrence(9, 0, ReferenceKind.CALL, "g", 5, 2, 22, Resolution.SCIP, None)


def test_what_the_compiler_says_nothing_about_stays() -> None:
    assert merged([known(F)], {}, ()) == [known(F)]


def test_of_several_the_known_one_is_meant() -> None:
    assert one([known(G)], edge(F, G)).target_symbol_id == G.symbol_id
    assert one([known(None)], edge(F, G)).target_symbol_id == F.symbol_id


def test_a_write_means_the_setter() -> None:
    assert one([known(None, ReferenceKind.WRITE)], edge(GETTER, SETTER)).target_symbol_id == SETTER.symbol_id
    assert one([known(None, ReferenceKind.PROPERTY)], edge(SETTER, GETTER)).target_symbol_id == GETTER.symbol_id


def test_a_call_of_a_class_makes_an_instance() -> None:
    assert one([known(None)], edge(CLASS)).kind is ReferenceKind.INSTANTIATION


def test_a_key_in_short_form_leaves_what_is_read_there() -> None:
    assert one([known(F, ReferenceKind.READ)], edge(MEMBER, before="{ ")) == known(F, ReferenceKind.READ)
    assert one([known(F, ReferenceKind.PROPERTY)], edge(MEMBER, before="a.")).target_symbol_id == MEMBER.symbol_id


def test_what_is_new_has_a_kind_of_its_text() -> None:
    kinds = {
        "read": edge(F), "call": edge(F, after="(1)"), "instantiation": edge(CLASS, before="new ", after="()"),
        "type": edge(TYPE), "property": edge(MEMBER, before="a."), "jsx": edge(CLASS, before="  <"),
        "write": edge(MEMBER, roles=SymbolRole.WriteAccess), "import": edge(F, roles=SymbolRole.Import),
    }  # fmt: skip
    assert {kind: one([], said).kind.value for kind, said in kinds.items()} == {kind: kind for kind in kinds}


def test_what_is_new_is_in_the_innermost_symbol() -> None:
    scopes = [Scope((1, 0), (20, 0), 1), Scope((8, 0), (10, 0), 2), Scope((8, 0), (9, 9), 3), Scope((9, 1), (9, 2), 4)]
    assert one([], edge(F), *scopes).enclosing_symbol_id == 3
    assert one([], edge(F)).enclosing_symbol_id is None


def test_strings_and_the_ends_of_tags_are_no_references() -> None:
    assert merged([], {(9, 0): edge(G, text="'./g'"), (9, 5): edge(CLASS, before="</")}, ()) == []
