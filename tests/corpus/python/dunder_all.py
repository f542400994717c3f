__all__ = ["listed", "Class"]
# <- variable __all__
__all__ += ("added",)
__all__.extend(["extended"])
__all__.append("_private")

listed = 1
# <- variable listed exported
unlisted = 2
# <- variable unlisted


def added():
#   ^^^^^ function added exported
    pass


def extended():
#   ^^^^^^^^ function extended exported
    pass


def _private():
#   ^^^^^^^^ function _private exported protected
    pass


def not_listed():
#   ^^^^^^^^^^ function not_listed
    pass


class Class:
#     ^^^^^ class Class exported
    def method(self):
    #   ^^^^^^ method Class.method exported
        pass

    def _protected(self):
    #   ^^^^^^^^^^ method Class._protected protected
        pass
