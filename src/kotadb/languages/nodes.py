"""Looks at nodes of syntax trees that every language needs."""

from tree_sitter import Node


def text_of(node: Node | None) -> str:
    """What a node says; nothing for none."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def named(node: Node | None) -> list[Node]:
    """The named children without comments; none for none."""
    return [child for child in node.named_children if child.type != "comment"] if node is not None else []


def part_of(node: Node, number: int) -> Node | None:
    """The named child with this number; None if there are not so many."""
    return node.named_child(number) if 0 <= number < node.named_child_count else None


def place_of(node: Node, at_most: int) -> int | None:
    """How many others stand before a node of its parent's named children; None if they are more than so many."""
    place = 0
    before = node.prev_named_sibling
    while before is not None:
        place += before.type != "comment"
        if place > at_most:
            return None
        before = before.prev_named_sibling
    return place
