def plain(a: int, *rest: str) -> str:
#   ^^^^^ function plain exported
    local = 1

    def inner():
    #   ^^^^^ function plain.inner
        pass

    class Local:
    #     ^^^^^ class plain.Local
        attribute = 1
#       ^^^^^^^^^ property plain.Local.attribute

        def method(self):
        #   ^^^^^^ method plain.Local.method
            pass

    return "x"


async def load(url):
#         ^^^^ function load exported async
    pass


def _internal():
#   ^^^^^^^^^ function _internal protected
    pass


@decorator
@other.decorator(1)
async def decorated():
#         ^^^^^^^^^ function decorated exported async
    pass


double = lambda x: x * 2
# <- function double exported


@overload
def over(x: int) -> int: ...
#   ^^^^ function over exported
@overload
def over(x: str) -> str: ...
#   ^^^^ function over exported
def over(x):
#   ^^^^ function over exported
    return x


if TYPE_CHECKING:

    def conditional():
    #   ^^^^^^^^^^^ function conditional exported
        pass

try:
    from fast import speed
except ImportError:

    def speed():
    #   ^^^^^ function speed exported
        pass
