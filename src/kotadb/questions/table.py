"""The questions that there are. Front ends make an endpoint, a command and a tool of each."""

from kotadb.questions.asking import Parameters, Question
from kotadb.questions.chains import Chains, path
from kotadb.questions.cycles import cycles
from kotadb.questions.dependencies import Of, dependencies, dependents
from kotadb.questions.explain import OfPathOrName, explain
from kotadb.questions.hierarchy import OfHierarchy, hierarchy
from kotadb.questions.impact import Impact, impact
from kotadb.questions.outline import OfPlace, outline
from kotadb.questions.search import Search, search
from kotadb.questions.symbols import OfSymbol, Symbols, symbol, symbols
from kotadb.questions.unused import OfDefinitions, unused
from kotadb.questions.usages import Usages, usages

_ALL = (
    Question("search", Search, search),
    Question("symbols", Symbols, symbols),
    Question("symbol", OfSymbol, symbol),
    Question("usages", Usages, usages),
    Question("hierarchy", OfHierarchy, hierarchy),
    Question("dependencies", Of, dependencies),
    Question("dependents", Of, dependents),
    Question("path", Chains, path),
    Question("impact", Impact, impact, in_body=True),
    Question("cycles", Parameters, cycles),
    Question("outline", OfPlace, outline),
    Question("explain", OfPathOrName, explain),
    Question("unused", OfDefinitions, unused),
)

QUESTIONS = {question.name: question for question in _ALL}
