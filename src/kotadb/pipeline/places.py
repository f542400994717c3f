"""What the places of a file say: what names stand for there, what functions take and return, what conditions hold."""

from bisect import bisect_left
from collections.abc import Sequence
from weakref import proxy

from tree_sitter import Node

from kotadb.languages import Language
from kotadb.languages.mentions import Condition, Function, Mention, Parameter, Step
from kotadb.languages.nodes import part_of
from kotadb.model import REST, Op, ReferenceKind, Symbol
from kotadb.pipeline.expressions import UNKNOWN, Expressions
from kotadb.pipeline.mentions import Mentions
from kotadb.pipeline.positions import Source, SymbolRanges
from kotadb.pipeline.scopes import EITHER, FILE, MAX_LOCALS, TYPE, Binding, Scopes

MAX_RETURNS = 8
"""Results of one function that are looked at."""
MAX_CONDITIONS = 4
"""Conditions that are looked at for one place, the innermost ones."""
MAX_CONDITIONED = 1_000
"""Conditions on one name that are looked at in a file."""
LOCAL = -2
"""Stands for a name that is a local, in place of an expression's number."""

_QUOTES = ("'", '"', "`")


class Places:
    """The scopes and expressions of one file, read from its syntax tree."""

    def __init__(self, source: bytes, mentions: Mentions, language: Language, symbols: Sequence[Symbol]) -> None:
        self.source = Source(source)
        self.text = self.source.text
        self.rules = language.rules
        self.inferred = language.rules.inferred
        self.members = language.members
        self.ranges = SymbolRanges(symbols, self.source)
        self.scopes = Scopes(mentions.scopes, len(source), class_names_are_inner=self.rules.class_names_are_inner)
        self.expressions = Expressions(language, proxy(self), self.source.text)
        self.class_symbols = self._class_symbols()
        """Numbers of the classes by their scopes."""
        self.conditions = self._conditions(mentions.conditions)
        """What is known of values where they are used, by what is written there."""
        self.compared: dict[int, tuple[int, ...]] = {}
        """What conditions compare with, by their id."""
        self.functions = self._function_scopes()
        """Scopes of functions by their start."""
        self.function_starts = sorted(self.functions)
        self.returned = self._returned(mentions.returned)
        """What functions return, by their scope."""
        self.generators = self._returned(mentions.yielded).keys()
        """The scopes of functions that yield."""
        self.written = self._written(mentions) if self.conditions else {}
        """Where names are written, in order."""
        self.locals: dict[int, int] = {}
        """Expressions of locals by the id of their binding."""
        self.looked_up: dict[tuple[str, int, int], int] = {}
        """Expressions of names, by scope and meaning."""
        self.leaves: dict[tuple[str, str, int], int] = {}
        """Expressions of `Rules.leaves`, by type, text and scope."""
        self.is_placed = False
        """Whether an expression depends on more than its text and its scope."""

    def _class_symbols(self) -> dict[int, int]:
        """Of several class scopes in one symbol only the first is that class; the others have no name."""
        scopes: dict[int, int] = {}
        for number, scope in enumerate(self.scopes.all):
            if scope.sort is Mention.SCOPE_CLASS:
                symbol = self.ranges.class_at(scope.start)
                if symbol >= 0:
                    scopes.setdefault(symbol, number)
        return {number: symbol for symbol, number in scopes.items()}

    def _returned(self, nodes: Sequence[Node]) -> dict[int, list[Node]]:
        found: dict[int, list[Node]] = {}
        for node in nodes:
            around = self.scopes.at(node.parent.start_byte if node.parent is not None else node.start_byte)
            found.setdefault(self.scopes.of_function(around), []).append(node)
        return found

    # ---- what names stand for

    def look_up(self, name: str, scope: int, meaning: int) -> int:
        """The expression that a name stands for here; LOCAL for a local."""
        key = (name, scope, meaning)
        if key not in self.looked_up:
            self.looked_up[key] = self._found(name, scope, meaning)
        return self.looked_up[key]

    def _found(self, name: str, scope: int, meaning: int) -> int:
        found = self.scopes.find(name, scope, meaning)
        if found is None:
            return self.expressions.number(Op.NAME, UNKNOWN, name)
        home, bindings = found
        binding = next((one for one in bindings if one.symbol >= 0 or one.is_alias), None)
        if binding is None:
            return LOCAL
        if home == FILE:
            return self.expressions.number(Op.NAME, UNKNOWN, name)
        if binding.symbol >= 0:
            return self.expressions.number(Op.SYMBOL, binding.symbol)
        assert binding.expression is not None
        return binding.expression

    def expression_of(self, node: Node, scope: int) -> int:
        """The expression that a node stands for, in which locals are replaced by what they are bound to."""
        kind = node.type
        if kind not in self.rules.leaves:
            return self.expressions.of(node, scope)
        key = kind, self.source.slice(node.start_byte, node.end_byte), scope
        expression = self.leaves.get(key)
        if expression is None:
            outer, self.is_placed = self.is_placed, False
            expression = self.expressions.of(node, scope)
            if not self.expressions.nested and not self.is_placed:  # else what is being followed counts as unknown
                self.leaves[key] = expression
            self.is_placed = self.is_placed or outer
        return expression

    def base(self, step: Step, scope: int) -> int:
        """The expression of a step that no other is under."""
        if step.op is Op.SELF or step.op is Op.SUPER:
            return self._this(step.op, scope)
        name = self.unquoted(step.name) if isinstance(step.name, Node) else step.name
        if step.op is Op.MODULE or name is None:
            return self.expressions.number(Op.MODULE, UNKNOWN, name) if name else UNKNOWN
        meaning = TYPE if step.is_type else EITHER
        expression = self.look_up(name, scope, meaning)
        if not isinstance(step.name, Node):
            return expression if expression != LOCAL else self.local(name, scope, meaning, -1)
        if expression == LOCAL:
            expression = self.local(name, scope, meaning, step.name.start_byte)
        return self.narrowed(expression, step.name) if self.conditions else expression

    def scope_at(self, node: Node) -> int:
        """The scope that a node stands in."""
        return self.scopes.at(node.start_byte)

    def symbol(self, node: Node) -> int | None:
        """The symbol that a node declares, by its name; None where that is none."""
        name = node.child_by_field_name("name")
        number = self.ranges.by_name.get(name.start_byte) if name is not None else None
        return self.expressions.number(Op.SYMBOL, number) if number is not None else None

    def has_function(self, node: Node) -> bool:
        """Whether a function is in a node."""
        next_one = bisect_left(self.function_starts, node.start_byte)
        return next_one < len(self.function_starts) and self.function_starts[next_one] < node.end_byte

    def function(self, node: Node) -> int:
        """The expression of a function, by its node or its name's."""
        found = self.inferred.function(node)
        if found is None:
            return UNKNOWN
        taken = [self._taken(each) for each in found.parameters]
        rest = REST if found.parameters and found.parameters[-1].takes_rest else None
        number = self.expressions.number(Op.FUNCTION, UNKNOWN, rest, (self._result(found), *taken))
        if found.decorator is not None:
            decorator = self.expressions.of(found.decorator, self.scope_at(found.decorator))
            return self.expressions.number(Op.CALL, decorator, None, (number,))
        return number

    def _conditions(self, nodes: Sequence[Node]) -> dict[str, list[Condition]]:
        found: dict[str, list[Condition]] = {}
        for node in nodes:
            for condition in self.inferred.conditions(node):
                several = found.setdefault(self.text(condition.subject), [])
                if len(several) < MAX_CONDITIONED:
                    several.append(condition)
        return found

    def narrowed(self, number: int, node: Node) -> int:
        """What a name or member access stands for where it stands, among its conditions."""
        conditions = self.conditions.get(self.source.slice(node.start_byte, node.end_byte))
        if conditions is None:
            return number
        self.is_placed = True
        offset = node.start_byte
        root = self._root(node)
        around = [each for each in conditions if each.start <= offset < each.end][-MAX_CONDITIONS:]
        for each in (one for one in around if self._holds(one, root, offset)):
            parts = self._condition_parts(each)
            if not each.test:
                instance = self.expressions.number(Op.INSTANCE, self.expressions.any_of(parts))
                number = instance if instance != UNKNOWN else number
            elif UNKNOWN not in parts:
                number = self.expressions.number(Op.NARROWED, number, each.test, parts)
        return number

    def _condition_parts(self, condition: Condition) -> tuple[int, ...]:
        if id(condition) not in self.compared:
            scope = self.scope_at(condition.subject)
            self.compared[id(condition)] = tuple(
                self.expressions.of(part, self.scope_at(part) if isinstance(part, Node) else scope)
                for part in condition.parts
            )
        return self.compared[id(condition)]

    def _root(self, node: Node) -> str:
        """The name that a chain of members begins with."""
        while (inner := part_of(node, 0)) is not None:
            node = inner
        return self.text(node)

    def _holds(self, condition: Condition, root: str, offset: int) -> bool:
        """Whether a name is the one that a condition is about, and was not bound again since."""
        here, there = (self.scopes.find(root, self.scopes.at(at)) for at in (offset, condition.subject.start_byte))
        if (here and here[0]) != (there and there[0]):
            return False
        bound = [one.node.start_byte for one in here[1] if one.node is not None] if here else []
        return not any(condition.start <= at < offset for at in (*bound, *self.written.get(root, ())))

    def _written(self, mentions: Mentions) -> dict[str, list[int]]:
        written: dict[str, list[int]] = {}
        for start, heading, node, _ in mentions.names:
            if heading.reference is ReferenceKind.WRITE and not heading.has_object:
                written.setdefault(self.text(node), []).append(start)
        return written

    def _taken(self, parameter: Parameter) -> int:
        if parameter.type is not None:
            return self.instance(parameter.type)
        value = parameter.value
        return self.expressions.of(value, self.scope_at(value)) if value is not None else UNKNOWN

    def _result(self, function: Function) -> int:
        """What a function returns: as it says, or else as its body does."""
        expressions = self.expressions
        if function.returns is not None:
            stated = self._stated_result(function, function.returns)
            return stated if function.says_wrapped else self._wrapped(function, stated)
        if self.functions.get(function.start, -1) in self.generators:
            return UNKNOWN
        if function.result is not None:
            result = expressions.of(function.result, self.scope_at(function.result))
        else:
            returned = self.returned.get(self.functions.get(function.start, -1), ())[:MAX_RETURNS]
            result = expressions.any_of([expressions.of(each, self.scope_at(each)) for each in returned])
        return self._wrapped(function, result)

    def _stated_result(self, function: Function, returns: Node | Step) -> int:
        if isinstance(returns, Step):
            return self.expressions.of(returns, self.functions.get(function.start, FILE))
        return self.instance(returns)

    def _wrapped(self, function: Function, result: int) -> int:
        expressions = self.expressions
        if function.wrapper is None or result == UNKNOWN:
            return result
        wrapper = expressions.number(Op.BUILTIN, UNKNOWN, function.wrapper)
        wrapped = expressions.number(Op.TYPE_OF, expressions.number(Op.AWAIT, result))
        return expressions.number(Op.INSTANCE, expressions.number(Op.APPLY, wrapper, None, (wrapped,)))

    def _function_scopes(self) -> dict[int, int]:
        sorts = (Mention.SCOPE_FUNCTION, Mention.SCOPE_CLOSURE)
        return {scope.start: number for number, scope in enumerate(self.scopes.all) if scope.sort in sorts}

    def _this(self, op: Op, scope: int) -> int:
        around = self.scopes.class_of_this(scope)
        if around is None:
            return UNKNOWN
        number = self.class_symbols.get(around)
        return self.expressions.number(op, number) if number is not None else UNKNOWN

    def local(self, name: str, scope: int, meaning: int, offset: int) -> int:
        """What a local is bound to, as far as that can have happened before it is used here."""
        found = self.scopes.find(name, scope, meaning)
        bindings: Sequence[Binding] = found[1] if found else []
        if len(bindings) > MAX_LOCALS:
            return UNKNOWN
        typed = [binding for binding in bindings if binding.type is not None]
        bindings = typed or bindings
        if len(bindings) > 1 and found is not None:
            self.is_placed = True
            bindings = self._reaching(
                bindings, offset, self.scopes.of_function(scope) == self.scopes.of_function(found[0])
            )
        return self.expressions.any_of([self._value(binding) for binding in bindings])

    def _reaching(self, bindings: Sequence[Binding], offset: int, is_same: bool) -> Sequence[Binding]:
        """The bindings that a name may have at an offset, the last first: those since one that is always made before.

        A function further in may run at any time.
        """
        before = [one for one in bindings if one.node is not None and _is_made(one.node, one.value, offset)]
        if not is_same or not before:
            return bindings
        reaching = []
        for binding in reversed(before):
            reaching.append(binding)
            if self._block_end(binding) > offset:
                break
        return reaching

    def _block_end(self, binding: Binding) -> int:
        """The end of the statements that a binding is made among."""
        node = binding.node
        while node is not None and node.type not in self.inferred.blocks:
            node = node.parent
        return node.end_byte if node is not None else self.source.size + 1

    def _value(self, binding: Binding) -> int:
        if binding.expression is not None:
            return binding.expression
        if id(binding) not in self.locals:
            self.locals[id(binding)] = UNKNOWN  # a local that is bound to itself
            self.locals[id(binding)] = self._bound_value(binding)
        return self.locals[id(binding)]

    def _bound_value(self, binding: Binding) -> int:
        if binding.is_parameter:
            limit = self.expressions.of(binding.value, binding.scope)
            assert binding.node is not None
            name = f"{self.text(binding.node)}:{self.scopes.all[binding.scope].start}"
            return self.expressions.number(Op.VARIABLE, limit, name)
        assert binding.node is not None
        return self.stated(binding.type, binding.value, binding.node, binding.scope)

    def stated(self, declared: Node | None, value: Node | None, node: Node, scope: int) -> int:
        if declared is not None:
            return self.instance(declared)
        return self.expressions.of(value if value is not None else self.inferred.origin(node), scope)

    def instance(self, declared: Node) -> int:
        """A value of a type, whose names are looked up where the type stands: heads have scopes of their own."""
        return self.expressions.number(Op.INSTANCE, self.expression_of(declared, self.scopes.at(declared.start_byte)))

    def unquoted(self, node: Node) -> str:
        text = self.text(node)
        return text[1:-1] if text[:1] in _QUOTES and len(text) > 1 else text


def _is_made(name: Node, value: Node | None, offset: int) -> bool:
    """Whether a name may be bound when what stands at an offset is looked at: not in its own value."""
    return name.start_byte < offset and not (value is not None and value.start_byte <= offset < value.end_byte)
