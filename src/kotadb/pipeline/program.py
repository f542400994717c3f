"""What expressions stand for: the types of values, as far as the facts of the files tell them.

Answers are a bounded fixpoint. A hop from a value to its type, from a call to what the function returns, or from a
class to its bases uses up `fuel`, rather than being cut where it happens to meet itself: the value at fuel n is the
n-th iterate, a pure function of the facts, whatever was asked before. An answer that needed less fuel than there was
is the same with more, so that most are worked out once (`Names.once`).
"""

from collections.abc import Callable, Container, Mapping, Sequence, Set

from kotadb.languages.mentions import Test
from kotadb.model import Op
from kotadb.pipeline.calls import Calls
from kotadb.pipeline.members import FUEL
from kotadb.pipeline.values import MEMBER, TYPE, Sort, Target, Value, alternatives, union, weighed

_LATE = {Op.FUNCTION: Sort.FUNCTION, Op.TUPLE: Sort.TUPLE, Op.OBJECT: Sort.OBJECT}
_TRUE = ("true", "True")
_FALSE = ("false", "null", "undefined", "False", "None")


class Program(Calls):
    """All files of one commit, and what their expressions stand for."""

    def value(self, number: int, expression: int, fuel: int = FUEL) -> Value | None:
        """What an expression of a file stands for; None if that cannot be told."""
        if expression < 0:
            return None
        found: Value | None = self.once(self.values[number], expression, fuel, self._evaluated, number, expression)
        return found

    def _evaluated(self, number: int, expression: int, fuel: int) -> Value | None:
        op, operand, name, parts = self.files[number].expressions[expression]
        match op:
            case Op.NAME | Op.SYMBOL | Op.MODULE | Op.FROM:
                return self.followed(number, expression, fuel)
            case Op.SELF | Op.SUPER:
                sort = Sort.INSTANCE if op == Op.SELF else Sort.SUPER
                return Value(sort, MEMBER, ((number, operand),), is_this=True)
            case Op.FUNCTION | Op.TUPLE | Op.OBJECT:
                return Value(_LATE[Op(op)], TYPE, ((number, expression),))
            case Op.VARIABLE:
                limit = self._instance(self.value(number, operand, fuel - 1), fuel - 1)
                return weighed(Value(Sort.VARIABLE, TYPE, parts=(limit,), variable=(number, name or "")))
            case Op.BUILTIN:
                return self.builtin(number, name or "")
            case Op.EXPECTED:
                return self._expected(number, operand, name or "", parts, fuel)
            case Op.UNION:
                return union(self.value(number, part, fuel) for part in parts)
        base = self.value(number, operand, fuel)
        if base is None:
            return None
        if op in _OF_EACH:
            return self._each(base, lambda one: _OF_EACH[Op(op)](self, number, one, name, parts, fuel))
        return self._of_whole(number, base, Op(op), name, parts, fuel)

    def _of_whole(
        self, number: int, base: Value, op: Op, name: str | None, parts: Sequence[int], fuel: int
    ) -> Value | None:
        """What is made of a value as a whole, though it may be one of several."""
        match op:
            case Op.MEMBER:
                return self.member(number, base, name or "", fuel)
            case Op.INSTANCE:
                return self._instance(base, fuel)
            case Op.PARAMETER:
                return self._parameter(base, int(name or 0), fuel)
            case Op.LITERAL:
                found = self._instance(base, fuel)
                return found and found._replace(literal=name)
            case Op.NARROWED:
                return self._narrowed(number, base, name or "", parts, fuel)
            case Op.TYPE_OF:
                return weighed(Value(Sort.TYPE_OF, TYPE, parts=(base,)))
        raise AssertionError(op)

    # ---- conditions

    def _narrowed(self, number: int, value: Value, test: str, parts: Sequence[int], fuel: int) -> Value | None:
        """Those of the values that something may be whose member meets a condition; all if none does."""
        opened = self._opened(value, fuel)
        if opened is None or opened.sort is not Sort.UNION or len(opened.parts) == 1:
            return value
        if test == Test.NO_INSTANCE:
            return self._without(number, opened, parts, fuel) or value
        wanted = set()
        for part in parts:
            literals = {one.literal for one in alternatives(self.held(self.value(number, part, fuel), fuel))}
            if None in literals:
                return value
            wanted |= literals
        kept = [one for one in alternatives(opened) if self._meets(number, one, test, wanted, fuel)]
        return union(kept) if kept else value

    def _without(self, number: int, value: Value, parts: Sequence[int], fuel: int) -> Value | None:
        """Those of the values that are no instances of some classes."""
        known = [each for part in parts for each in alternatives(self.value(number, part, fuel))]
        classes = {target for each in known if each.sort is Sort.DECLARED for target in each.targets}
        return union(one for one in alternatives(value) if not self._is_instance(one, classes, fuel))

    def _is_instance(self, value: Value, classes: Set[Target], fuel: int) -> bool:
        if value.sort is not Sort.INSTANCE:
            return False
        above, _ = self._all_bases(value.targets[0], fuel)
        return not classes.isdisjoint((*value.targets, *(target for each in above for target in each.targets)))

    def _meets(self, number: int, value: Value, test: str, wanted: Container[object], fuel: int) -> bool:
        """Whether a value can meet a condition."""
        how, key = test[0], test[1:]
        member = self.held(self._member(number, value, key, fuel), fuel) if key else value
        literals = [one.literal for one in alternatives(member)]
        if how == Test.IS:
            return bool(literals) and any(literal is None or literal in wanted for literal in literals)
        if how == Test.IS_NOT:
            return not literals or any(literal is None or literal not in wanted for literal in literals)
        if how == Test.TRUE:
            return bool(literals) and any(literal not in _FALSE for literal in literals)
        return not literals or any(literal not in _TRUE for literal in literals)


_OF_EACH: Mapping[Op, Callable[[Program, int, Value, str | None, Sequence[int], int], Value | None]] = {
    Op.CALL: Program._called,
    Op.APPLY: lambda program, number, one, _name, parts, fuel: program._applied(number, one, parts, fuel),
    Op.AWAIT: lambda program, number, one, _name, _parts, fuel: program._awaited(number, one, fuel),
    Op.EACH: lambda program, number, one, _name, _parts, fuel: program._element(number, one, fuel),
    Op.ITEM: Program._item,
}
"""What is made of each of the values that something may be."""
