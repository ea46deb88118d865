"""Slots: buffers that live at the same time never share, and few slots are used."""

from hypothesis import given
from hypothesis import strategies as st

from sparsec.dims import Dim
from sparsec.lowering.memory_plan import Lifetime, plan_slots

B = Dim.symbol("batch")


@st.composite
def lifetimes(draw: st.DrawFn) -> Lifetime:
    first = draw(st.integers(0, 20))
    return Lifetime(first, first + draw(st.integers(0, 8)), draw(st.sampled_from([1, 64, B, B * B, B * 3 + 1])))


@given(st.lists(lifetimes(), max_size=30))
def test_no_two_living_buffers_share_a_slot(given_lifetimes: list[Lifetime]) -> None:
    slots = plan_slots(given_lifetimes)
    for i, a in enumerate(given_lifetimes):
        for j, b in enumerate(given_lifetimes[:i]):
            if a.first <= b.last and b.first <= a.last:
                assert slots[i] != slots[j]


@given(st.lists(lifetimes(), max_size=30))
def test_no_more_slots_than_buffers_alive_at_once(given_lifetimes: list[Lifetime]) -> None:
    alive = max((sum(1 for b in given_lifetimes if b.first <= time <= b.last) for time in range(30)), default=0)
    assert len(set(plan_slots(given_lifetimes))) <= alive


def test_a_chain_needs_two_slots_and_prefers_its_own_size() -> None:
    chain = [Lifetime(i, i + 1, B) for i in range(10)]
    assert set(plan_slots(chain)) == {0, 1}
    big_and_small = [Lifetime(0, 1, B * B), Lifetime(0, 1, B), Lifetime(2, 3, B), Lifetime(2, 3, B * B)]
    assert plan_slots(big_and_small) == [0, 1, 1, 0]
