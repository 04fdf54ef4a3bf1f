"""The benchmark runs every competitor in every round, and reports absent ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.speed import report
from bench.speed.competitors import BRAIN_JS, COMPETITORS, MATMUL_PEAK, Competitor
from bench.speed.results import Result
from bench.speed.runner import BenchmarkRunner
from bench.speed.workloads import NETWORKS, Network

SENTENCES = ["start small", "ship it, then listen", "the market answers"]
SMALL = Network((3,), 2)

CONSTANT = """
def version(): return "1.0"
def prepare(network, sentences): return lambda seconds: 100.0 * network.hidden_sizes[0]
"""
REASON = "no-such-peer"
NOT_INSTALLED = f"""
from bench.speed.competitors import Absent
raise Absent("{REASON}")
"""
FAILING = """
def version(): return "0.1"
def prepare(network, sentences): return lambda seconds: seconds / 0
"""


@pytest.fixture
def competitors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Competitor]:
    """One that runs, one that is not installed, and one whose first run fails."""
    for name, text in [
        ("constant", CONSTANT),
        ("not_installed", NOT_INSTALLED),
        ("failing", FAILING),
    ]:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return [Competitor(name, name) for name in ("constant", "not_installed", "failing")]


def test_every_competitor_runs_in_every_round(competitors: list[Competitor]) -> None:
    with BenchmarkRunner(competitors) as runner:
        small, large = runner.run([SMALL, Network((4,), 2)], SENTENCES, rounds=3, seconds=0.01)
    for result in (small, large):
        assert {name: len(rates) for name, rates in result.rates.items()} == {
            "constant": 3,
            MATMUL_PEAK.name: 3,
        }
    assert (small.speed("constant"), large.speed("constant")) == (300, 400)


def test_every_report_says_why_a_competitor_is_absent(
    competitors: list[Competitor],
) -> None:
    with BenchmarkRunner(competitors) as runner:
        results = list(runner.run([SMALL], SENTENCES, rounds=1, seconds=0.01))
        conditions = report.Conditions.current(1, 0.01, runner.versions)
    assert runner.versions["constant"] == "1.0"
    assert REASON in runner.versions["not_installed"]
    assert results[0].absent["not_installed"] == REASON
    assert "ZeroDivisionError" in results[0].absent["failing"]
    page = report.as_page(conditions, results, None)
    for text in (report.as_table(results[0]), page, str(report.as_json(conditions, results))):
        assert REASON in text
        assert "ZeroDivisionError" in text
    assert report.method() in page


def test_brain_js_is_absent_without_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with BenchmarkRunner([BRAIN_JS]) as runner:
        (result,) = runner.run([SMALL], SENTENCES, rounds=1, seconds=0.01)
    assert "Node.js" in result.absent["brain.js"]


def test_every_real_competitor_runs_or_is_absent() -> None:
    with BenchmarkRunner(COMPETITORS) as runner:
        (result,) = runner.run([SMALL], SENTENCES, rounds=1, seconds=0.01)
    for competitor in COMPETITORS:
        name = competitor.name
        assert name in result.rates or "Error" not in result.absent[name]
    assert {"charnn", "plain NumPy"} <= set(result.rates)
    assert result.speed("charnn") > 0
    assert 0 < (result.share_of_peak("charnn") or 0) < 1


def test_results_are_medians_over_the_rounds() -> None:
    result = Result(SMALL, operations=10.0)
    result.rates |= {"charnn": [20, 400, 90], "PyTorch": [10, 100, 30]}
    result.rates[MATMUL_PEAK.name] = [1000, 3000, 2000]
    assert result.speed("charnn") == 90
    assert result.charnn_speedup("PyTorch") == 3  # of 2, 4 and 3, round by round
    assert result.operations_per_second("charnn") == 900
    assert result.share_of_peak("charnn") == 0.3  # of the fastest product
    assert result.charnn_speedup("charnn") is None
    assert result.charnn_speedup("brain.js") is None


def test_operations_count_the_matrix_products() -> None:
    weights = 4 * 3 * (2 + 3) + 3 * 5  # four gates on a letter vector and h, and the decoder
    assert SMALL.multiplied_weights(inputs=5) == weights
    # "abcd" has four letters and five predictions, and an alphabet of four and START.
    assert SMALL.operations_per_character(["abcd"]) == 6 * weights * 5 / 4


def test_the_plot_includes_networks_that_lack_a_competitor(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from bench.speed import plot

    results = [Result(network, 1e4) for network in NETWORKS]
    results[0].rates |= {"charnn": [2e5], "PyTorch": [2e4], MATMUL_PEAK.name: [1e11]}
    results[1].rates |= {"PyTorch": [3e4], MATMUL_PEAK.name: [1e11]}
    plot.draw(results, tmp_path / "speed.svg")
    drawn = (tmp_path / "speed.svg").read_text(encoding="utf-8")
    assert all(str(network) in drawn for network in NETWORKS)
