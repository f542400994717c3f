class Account(Base, metaclass=Meta):
#     ^^^^^^^ class Account exported
    limit: int
#   ^^^^^ property Account.limit exported
    currency = "EUR"
#   ^^^^^^^^ property Account.currency exported
    _cache, __token = {}, None
#   ^^^^^^ property Account._cache protected
    #       ^^^^^^^ property Account.__token private
    key = lambda self: 1
#   ^^^ method Account.key exported

    def __init__(self, owner):
    #   ^^^^^^^^ constructor Account.__init__ exported
        self.owner = owner
        #    ^^^^^ property Account.owner exported
        self.balance: int = 0
        #    ^^^^^^^ property Account.balance exported
        self._first, self.last = owner
        #    ^^^^^^ property Account._first protected
        #                 ^^^^ property Account.last exported
        self.limit = 3
        self.owner = owner.strip()
        if owner:
            self.conditional = True
            #    ^^^^^^^^^^^ property Account.conditional exported
        other.attribute = 1

        def callback():
        #   ^^^^^^^^ function Account.__init__.callback
            self.not_here = 1

    def deposit(self, amount):
    #   ^^^^^^^ method Account.deposit exported
        self.elsewhere = amount
        #    ^^^^^^^^^ property Account.elsewhere exported

    async def fetch(self):
    #         ^^^^^ method Account.fetch exported async
        pass

    def _protected(self):
    #   ^^^^^^^^^^ method Account._protected protected
        pass

    def __private(self):
    #   ^^^^^^^^^ method Account.__private private
        pass

    def __repr__(self):
    #   ^^^^^^^^ method Account.__repr__ exported
        return ""

    @property
    def name(self):
    #   ^^^^ getter Account.name exported
        return 1

    @name.setter
    def name(self, value):
    #   ^^^^ setter Account.name exported
        pass

    @functools.cached_property
    def slow(self):
    #   ^^^^ getter Account.slow exported
        return 1

    @staticmethod
    def make():
    #   ^^^^ method Account.make exported
        pass

    if DEBUG:

        def debug(self):
        #   ^^^^^ method Account.debug exported
            pass

    class Meta:
    #     ^^^^ class Account.Meta exported
        ordering = ["name"]
#       ^^^^^^^^ property Account.Meta.ordering exported


class _Hidden:
#     ^^^^^^^ class _Hidden protected
    visible = 1
#   ^^^^^^^ property _Hidden.visible

    def method(self):
    #   ^^^^^^ method _Hidden.method
        pass


class Color(enum.Enum):
#     ^^^^^ enum Color exported
    RED = 1
#   ^^^ enum_member Color.RED exported
    BLUE, GREEN = 2, 3
#   ^^^^ enum_member Color.BLUE exported
    #     ^^^^^ enum_member Color.GREEN exported
    _ignore_ = []
#   ^^^^^^^^ property Color._ignore_ protected
    label: str
#   ^^^^^ property Color.label exported

    def describe(self):
    #   ^^^^^^^^ method Color.describe exported
        pass


class Size(models.TextChoices):
#     ^^^^ enum Size exported
    SMALL = "s", "Small"
#   ^^^^^ enum_member Size.SMALL exported


class Reader(Protocol[T]):
#     ^^^^^^ interface Reader exported
    def read(self) -> T: ...
    #   ^^^^ method Reader.read exported


class Box[T](typing.Generic[T]):
#     ^^^ class Box exported
    content: T
#   ^^^^^^^ property Box.content exported
