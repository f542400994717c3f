LIMIT = 10
# <- constant LIMIT exported
_SECRET: str = "x"
# <- constant _SECRET protected
plural: Final = 3
# <- constant plural exported
name = "x"
# <- variable name exported
annotated: int
# <- variable annotated exported
first, (second, *others) = 1, (2, 3)
# <- variable first exported
#       ^^^^^^ variable second exported
#                ^^^^^^ variable others exported
[third, fourth] = 1, 2
 # <- variable third exported
#       ^^^^^^ variable fourth exported
left = right = 3
# <- variable left exported
#      ^^^^^ variable right exported
name = "again"
T = TypeVar("T")
# <- type T exported
UserId = typing.NewType("UserId", int)
# <- type UserId exported
Alias: TypeAlias = "list[int]"
# <- type Alias exported
type Vector = list[float]
#    ^^^^^^ type Vector exported
type Pair[A] = tuple[A, A]
#    ^^^^ type Pair exported

if sys.platform == "win32":
    newline = "\r\n"
#   ^^^^^^^ variable newline exported
else:
    newline = "\n"

obj.attribute = 1
items[0] = 2
total += 1

for index in range(3):
#   ^^^^^ variable index exported
    inside_loop = index
#   ^^^^^^^^^^^ variable inside_loop exported
with open("x") as handle:
#                 ^^^^^^ variable handle exported
    pass
