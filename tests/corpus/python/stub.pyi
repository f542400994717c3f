from typing import overload

VERSION: str
# <- constant VERSION exported

def load(path: str, *, strict: bool = ...) -> bytes: ...
#   ^^^^ function load exported

class Loader:
#     ^^^^^^ class Loader exported
    path: str
#   ^^^^ property Loader.path exported
    def __init__(self, path: str) -> None: ...
    #   ^^^^^^^^ constructor Loader.__init__ exported
    @property
    def size(self) -> int: ...
    #   ^^^^ getter Loader.size exported
