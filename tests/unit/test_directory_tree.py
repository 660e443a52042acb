"""The grid tree: every cell knows its way to the top, and a tree that is none is found out."""

from services.dispatch.directory.tree import Place, cycles, misplaced, paths

TREE = {"building": "compound", "compound": "community", "community": "street", "street": None}


def test_a_path_leads_from_the_top_to_the_cell_itself() -> None:
    assert paths(TREE)["building"] == ("street", "community", "compound", "building")
    assert paths(TREE)["street"] == ("street",)


def test_the_order_of_the_cells_does_not_matter() -> None:
    assert paths(dict(reversed(TREE.items()))) == paths(TREE)


def test_a_cell_below_a_missing_one_has_no_path_and_is_no_ring() -> None:
    assert paths({"b": "gone", "a": "b"}) == {}
    assert cycles({"b": "gone", "a": "b"}) == {}


def test_a_ring_is_shown_from_each_of_its_cells() -> None:
    assert cycles({"a": "b", "b": "c", "c": "a", "top": None}) == {
        "a": ("a", "b", "c", "a"),
        "b": ("b", "c", "a", "b"),
        "c": ("c", "a", "b", "c"),
    }


def test_a_cell_that_hangs_on_a_ring_is_not_part_of_it() -> None:
    assert set(cycles({"leaf": "a", "a": "b", "b": "a"})) == {"a", "b"}


def test_a_cell_cannot_be_its_own_parent() -> None:
    assert cycles({"a": "a"}) == {"a": ("a", "a")}


def test_levels_go_downwards_and_may_skip_one() -> None:
    places = {
        "street": Place("subdistrict", None),
        "old house": Place("building", "street"),
        "compound": Place("compound", "old house"),
        "lost": Place("community", None),
    }
    assert misplaced(places) == {
        "compound": "a compound cannot lie in a building",
        "lost": "a community needs a cell above it",
    }


def test_a_long_chain_is_no_burden() -> None:
    chain: dict[str, str | None] = {str(n): str(n + 1) for n in range(5000)} | {"5000": None}
    assert len(paths(chain)["0"]) == 5001
