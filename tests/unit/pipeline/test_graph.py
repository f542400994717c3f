"""Cycles and circles, against their definitions."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kotadb.pipeline.graph import circle, cycles

NODES = "abcdefg"
Edges = dict[str, list[str]]
graphs: st.SearchStrategy[Edges] = st.dictionaries(
    st.sampled_from(NODES), st.lists(st.sampled_from(NODES), unique=True).map(sorted)
)


def reached(edges: Mapping[str, list[str]], start: str) -> dict[str, int]:
    """Every node that a way of at least one edge leads to, with the length of the shortest one."""
    found: dict[str, int] = {}
    length, front = 0, {start}
    while front:
        length += 1
        front = {target for node in front for target in edges.get(node, ())} - found.keys()
        found |= dict.fromkeys(front, length)
    return found


@given(graphs)
def test_a_cycle_is_all_nodes_that_reach_each_other(edges: Edges) -> None:
    ways = {node: reached(edges, node) for node in NODES}
    expected = {
        tuple(other for other in NODES if other in ways[node] and node in ways[other])
        for node in NODES
        if node in ways[node]
    }
    assert cycles(edges) == [list(nodes) for nodes in sorted(expected)]


@given(graphs)
def test_the_order_of_nodes_and_edges_does_not_matter(edges: Edges) -> None:
    turned = {node: targets[::-1] for node, targets in reversed(edges.items())}
    assert cycles(turned) == cycles(edges)


@given(graphs, st.sampled_from(NODES))
def test_a_circle_goes_along_the_edges_back_to_its_start_and_none_is_shorter(edges: Edges, start: str) -> None:
    way = circle(edges, start)
    assert len(way) == reached(edges, start).get(start, 0)
    if way:
        assert way[0] == start
        assert all(after in edges[before] for before, after in pairwise([*way, start]))


LONG = [f"{number:06}" for number in range(50_000)]


@pytest.mark.parametrize("names", [LONG, LONG[::-1]])
def test_a_chain_of_fifty_thousand_files_is_no_cycle_and_closed_it_is_one(names: list[str]) -> None:
    chain = {before: [after] for before, after in pairwise(names)}
    assert cycles(chain) == []
    ring = {**chain, names[-1]: [names[0]]}
    assert cycles(ring) == [LONG]
    assert circle(ring, names[0]) == names
