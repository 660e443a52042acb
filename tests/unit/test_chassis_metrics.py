"""Figures are declared once, counted a batch at a time; a label has a finite set of values."""

import importlib
import pkgutil
from collections import Counter
from datetime import timedelta
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

import services
from chassis import figures
from chassis.delivery import Arrival
from chassis.meter import Meter
from chassis.metrics import OTHER, VALUES, Board, Figure, Metric
from chassis.spread import Spread
from tests.integration.ledger import THEN, offer_expired, submitted

OWN = {"timer": frozenset({"ring"}), "shard": frozenset("0123"), "line": frozenset({"relay"})}
"""What a process adds to the labels' values: names of its own code, numbers of its shards."""


def modules() -> list[ModuleType]:
    """Wherever figures are declared."""
    found = [f"{folder.name}.figure_store" for folder in pkgutil.iter_modules(services.__path__, "services.")]
    own = [name for name in found if importlib.util.find_spec(name)]
    return [figures, *map(importlib.import_module, own)]


FIGURES = [it for module in modules() for it in vars(module).values() if isinstance(it, Figure)]


def board(*metrics: Metric) -> Board:
    return Board("ticket", OWN, lambda: metrics)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_every_label_of_every_figure_has_a_finite_set_of_values(figure: Figure) -> None:
    assert set(figure.labels) <= {*VALUES, *OWN}
    assert figure.name.endswith("_total") == (figure.kind == "counter")
    assert figure.meaning.endswith(".")


def test_no_two_figures_have_one_name() -> None:
    assert max(Counter(figure.name for figure in FIGURES).values()) == 1


@given(st.sampled_from([figure for figure in FIGURES if figure.labels]), st.text())
def test_a_ticket_number_never_becomes_a_label(figure: Figure, word: str) -> None:
    for said in (word, "GD2026112100000001", "13800138000"):
        value = Spread([1.0]) if figure.kind == "histogram" else 1.0
        text = board(figure(value, **dict.fromkeys(figure.labels, said))).text()
        for family in text_string_to_metric_families(text):
            for sample in family.samples if not family.name.startswith("process_") else []:
                told = {label: sample.labels[label] for label in figure.labels}
                assert all(told[it] in {OTHER, *VALUES.get(it, ()), *OWN.get(it, ())} for it in told)


def test_samples_of_one_figure_stand_together_whatever_the_order() -> None:
    due, open_ = figures.DUE, figures.OPEN
    text = board(due(1, clock="offer"), open_(2), due(3, clock="visit")).text()
    lines = [line for line in text.splitlines() if line.startswith("fengge_")]
    assert lines == [
        'fengge_deadlines_due{clock="offer",service="ticket"} 1.0',
        'fengge_deadlines_due{clock="visit",service="ticket"} 3.0',
        'fengge_parked_open{service="ticket"} 2.0',
    ]


def test_what_is_other_is_told_once() -> None:
    one, two = Spread([1.0]), Spread([1.0])
    one.note(0.5, 2)
    two.note(7)
    text = board(
        figures.OPEN_OF(2, reason="?"), figures.OPEN_OF(3, reason="!"),
        figures.OPEN_AGE(60, reason="?"), figures.OPEN_AGE(90, reason="!"),
        figures.CRITICAL(one, messaging_destination_name="?"),
        figures.CRITICAL(two, messaging_destination_name="!"),
    ).text()  # fmt: skip
    assert 'fengge_parked_records{reason="other",service="ticket"} 5.0' in text
    assert 'fengge_parked_oldest_seconds{reason="other",service="ticket"} 90.0' in text
    count = 'fengge_critical_time_seconds_count{messaging_destination_name="other",service="ticket"} 3.0'
    assert text.count(count) == 1


def test_a_spread_counts_what_is_not_above_each_bound() -> None:
    spread = Spread([0.1, 1])
    spread.note(0.1, 200)
    spread.note(0.5)
    spread.note(7)
    assert spread.buckets() == [("0.1", 200.0), ("1.0", 201.0), ("+Inf", 202.0)]
    assert spread.sum == pytest.approx(27.5)


def test_a_batch_is_noted_by_runs_of_one_moment() -> None:
    meter = Meter()
    batch = [offer_expired("T", number) for number in range(1, 51)]
    batch += [arrival for arrival in [submitted("1")] if isinstance(arrival, Arrival)]
    meter.effected(batch, THEN + timedelta(seconds=2))
    told = {it.labels["messaging_destination_name"]: it.value for it in meter.metrics()}
    assert isinstance(told["dispatch.events"], Spread)
    assert told["dispatch.events"].count == 51
    assert told["dispatch.events"].sum == pytest.approx(102)


def test_a_clock_ahead_of_ours_took_no_time() -> None:
    meter = Meter()
    meter.effected([offer_expired("T", 1)], THEN - timedelta(hours=1))
    (critical,) = [it.value for it in meter.metrics()]
    assert isinstance(critical, Spread)
    assert critical.sum == 0


def test_the_destination_is_left_out_where_a_batch_has_several() -> None:
    meter = Meter()
    meter.processed([offer_expired("T", 1), submitted("1")], 0.1)
    meter.published(Counter({"ticket.events": 3, "gov.replies": 1}), 0.1)
    meter.sent(Counter({"gov.facts": 1}), "unroutable")
    told = {
        (it.figure.name, it.labels["messaging_destination_name"], it.labels["error_type"])
        for it in meter.metrics()
    }
    assert told == {
        ("messaging_process_duration_seconds", "", ""),
        ("messaging_client_operation_duration_seconds", "", ""),
        ("messaging_client_sent_messages_total", "ticket.events", ""),
        ("messaging_client_sent_messages_total", "gov.replies", ""),
        ("messaging_client_sent_messages_total", "gov.facts", "unroutable"),
    }
