"""A fault schedule must give each run what its file says, as often as it says, and the same whoever asks; or be refused in one sentence."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from perilune.base.errors import PeriluneError
from perilune.mission.fault_schedule import chance_of, draw_faults, read_schedule, schedule_from
from perilune.mission.faults import PlannedFault
from perilune.mission.loader import load

ROOT = Path(__file__).parents[2]
MISSION = load("resilience")
EXAMPLE = ROOT / "examples" / "faults" / "resilience-tree.toml"
RUNS = np.arange(20_000)
FOUR = "\n".join(
    f'[[faults]]\nid = "{name}"\nfault = "{name}"\n' for name in ("imu.stuck", "range_finder.dropout", "star_tracker.dropout", "range_finder.stuck")
)


def fault(id, name="range_finder.dropout", **keys):
    """A table of a fault."""
    lines = [f"{key} = {value}" for key, value in keys.items()]
    return "\n".join(["[[faults]]", f'id = "{id}"', f'fault = "{name}"', *lines, ""])


def tree(*faults):
    return schedule_from("\n".join(['kind = "tree"', *faults]), MISSION)


def names(given):
    return [[planned.fault for planned in own] for own in given]


def within_binomial(count, probability, trials):
    """Whether a count is between the 0.05 and the 99.95 percent points of its distribution."""
    return stats.binom.ppf(0.0005, trials, probability) <= count <= stats.binom.ppf(0.9995, trials, probability)


def test_single_faults_are_flown_in_turn():
    given = draw_faults(schedule_from(f'kind = "single"\n{FOUR}', MISSION), MISSION, 1, np.arange(10))
    four = ["imu.stuck", "range_finder.dropout", "star_tracker.dropout", "range_finder.stuck"]
    assert names(given) == [[four[k % 4]] for k in range(10)]


def test_every_pair_is_flown_equally_often():
    given = draw_faults(schedule_from(f'kind = "pairs"\n{FOUR}', MISSION), MISSION, 1, np.arange(60))
    pairs, counts = np.unique(["+".join(own) for own in names(given)], return_counts=True)
    assert len(pairs) == 6 and counts.tolist() == [10] * 6 and all(len(own) == 2 for own in given)


def test_probabilities_are_those_of_the_file():
    schedule = tree(
        fault("likely", probability=0.3, source='"assumed"'),
        fault("rare", "imu.stuck", probability=0.002, source='"assumed"'),
        fault("never", "star_tracker.dropout", probability=0.0, source='"assumed"'),
        fault("rate", "range_finder.stuck", rate_per_hour=0.5, exposure_s=1800.0, source='"assumed"'),
    )
    drawn = names(draw_faults(schedule, MISSION, 3, RUNS))
    counts = {name: sum(name in own for own in drawn) for name in ("range_finder.dropout", "imu.stuck", "star_tracker.dropout", "range_finder.stuck")}
    assert within_binomial(counts["range_finder.dropout"], 0.3, len(RUNS))
    assert within_binomial(counts["imu.stuck"], 0.002, len(RUNS)) and counts["imu.stuck"] > 0
    assert counts["star_tracker.dropout"] == 0
    assert within_binomial(counts["range_finder.stuck"], 1.0 - np.exp(-0.25), len(RUNS))
    both = sum({"range_finder.dropout", "range_finder.stuck"} <= set(own) for own in drawn)
    assert within_binomial(both, 0.3 * (1.0 - np.exp(-0.25)), len(RUNS))


def test_a_child_comes_only_with_its_parent_and_then_as_often_as_it_says():
    schedule = tree(
        fault("grandchild", "range_finder.stuck", probability=0.5, given='"child"', source='"assumed"'),
        fault("parent", probability=0.4, source='"assumed"'),
        fault("child", "imu.stuck", probability=0.25, given='"parent"', source='"assumed"'),
    )
    drawn = [set(own) for own in names(draw_faults(schedule, MISSION, 5, RUNS))]
    parents = [own for own in drawn if "range_finder.dropout" in own]
    children = [own for own in drawn if "imu.stuck" in own]
    assert all("range_finder.dropout" in own for own in children)
    assert all("imu.stuck" in own for own in drawn if "range_finder.stuck" in own)
    assert within_binomial(len(children), 0.25, len(parents))
    assert within_binomial(sum("range_finder.stuck" in own for own in drawn), 0.5, len(children))


def test_a_fault_with_a_rate_begins_when_its_rate_first_brings_it():
    """First arrivals of a Poisson process within the exposure: the exponential distribution cut at its end."""
    schedule = tree(fault("often", rate_per_hour=8.0, exposure_s=900.0, source='"assumed"'))
    given = draw_faults(schedule, MISSION, 2, RUNS)
    begins = np.array([900.0 - own[0].before_touchdown_s for own in given if own])
    assert within_binomial(len(begins), 1.0 - np.exp(-2.0), len(RUNS))
    assert stats.kstest(begins, stats.truncexpon(2.0, scale=450.0).cdf).pvalue > 1e-3
    whole = tree(fault("often", rate_per_hour=8.0, source='"assumed"'))
    assert chance_of(whole.faults[0], MISSION) == pytest.approx(1.0 - np.exp(-8.0 * 3720.0 / 3600.0))
    set_off = tree(fault("often", rate_per_hour=8.0, mode='"vertical"', source='"assumed"'))
    assert {own[0] for own in draw_faults(set_off, MISSION, 2, RUNS) if own} == {PlannedFault(fault="range_finder.dropout", mode="vertical")}


def test_numbers_in_a_range_are_uniform_and_independent():
    text = fault("wide", "range_finder.bias", height_m="{ low = 100.0, high = 300 }", size_m="{ low = -5.0, high = 15.0 }", duration_s=3.0)
    given = draw_faults(schedule_from(f'kind = "single"\n{text}', MISSION), MISSION, 2, RUNS)
    heights, sizes = (np.array([getattr(own[0], key) for own in given]) for key in ("height_m", "size_m"))
    assert stats.kstest(heights, "uniform", args=(100.0, 200.0)).pvalue > 1e-3 and stats.kstest(sizes, "uniform", args=(-5.0, 20.0)).pvalue > 1e-3
    assert abs(np.corrcoef(heights, sizes)[0, 1]) < 4.0 / len(RUNS) ** 0.5
    assert {own[0].duration_s for own in given} == {3.0}


def test_planted_faults_are_in_their_runs_and_in_no_others():
    planted = '[[planted]]\nrun = 17\nfault = "imu.stuck"\nmode = "vertical"\n[[planted]]\nrun = 17\nfault = "tanks.leak"\nsize_kg_s = 0.5\n'
    alone = draw_faults(schedule_from(f'kind = "planted"\n{planted}', MISSION), MISSION, 1, np.arange(40))
    assert {k for k, own in enumerate(alone) if own} == {17}
    assert alone[17] == (PlannedFault(fault="imu.stuck", mode="vertical"), PlannedFault(fault="tanks.leak", size_kg_s=0.5))
    beside = draw_faults(schedule_from(f'kind = "single"\n{FOUR}\n{planted}', MISSION), MISSION, 1, np.arange(40))
    assert names(beside)[16:18] == [["imu.stuck"], ["range_finder.dropout", "imu.stuck", "tanks.leak"]]


def test_a_run_has_the_same_faults_alone_and_in_any_batch():
    schedule = read_schedule(EXAMPLE, MISSION)
    whole = draw_faults(schedule, MISSION, 9, np.arange(2000))
    some = [k for k, own in enumerate(whole) if len(own) > 1][:3]
    assert len(some) == 3 and [draw_faults(schedule, MISSION, 9, np.array([k]))[0] for k in some] == [whole[k] for k in some]
    assert draw_faults(schedule, MISSION, 9, np.array(some[::-1])) == [whole[k] for k in some[::-1]]
    assert draw_faults(schedule, MISSION, 10, np.arange(2000)) != whole


def test_one_more_fault_in_the_file_moves_no_other():
    one = fault("one", "range_finder.bias", size_m="{ low = 1.0, high = 2.0 }", probability=0.3, source='"assumed"')
    more = fault("more", "imu.stuck", probability=0.3, source='"assumed"')
    alone, both = (draw_faults(tree(*faults), MISSION, 1, np.arange(500)) for faults in ([one], [more, one]))
    assert [[planned for planned in own if planned.fault == "range_finder.bias"] for own in both] == [list(own) for own in alone]


def test_the_hash_is_of_values_and_not_of_layout():
    text = f'kind = "single"\n{fault("a", "range_finder.bias", size_m="{ low = 1.0, high = 2.0 }")}'
    same = schedule_from(f"# a remark\n\n{text}".replace("1.0", "1.00"), MISSION)
    assert schedule_from(text, MISSION).hash == same.hash
    others = {schedule_from(text.replace(*change), MISSION).hash for change in (("1.0", "0.5"), ("2.0", "2.5"), ('"a"', '"b"'), ("single", "single"))}
    assert len(others) == 4


def test_the_example_has_a_source_for_every_number_and_no_run_too_full():
    schedule = read_schedule(EXAMPLE, MISSION)
    assert schedule.kind == "tree" and all(one.source == "assumed" for one in schedule.faults)
    given = draw_faults(schedule, MISSION, 1, np.arange(10_000))
    assert 0.1 < np.mean([len(own) > 0 for own in given]) < 0.3
    assert {planned.fault for own in given for planned in own} == {one.fault for one in schedule.faults}


def test_the_page_shows_a_schedule_that_can_be_read():
    page = (ROOT / "docs" / "fault-schedules.md").read_text("utf-8")
    schedule = schedule_from(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1], MISSION)
    assert [one.id for one in schedule.faults] == ["overload", "restart", "leak"] and schedule.planted[0].run == 17


GOOD = {"probability": 0.5, "source": '"assumed"'}


@pytest.mark.parametrize(
    "text, line, says",
    [
        (f'kind = "tree"\n{fault("a", probability=0.5)}', 2, "faults.0 (a) has no source for its probability"),
        (f'kind = "tree"\n{fault("a", rate_per_hour=0.5)}', 2, "faults.0 (a) has no source for its rate_per_hour"),
        (f'kind = "tree"\n{fault("a", source=GOOD["source"])}', 2, "has no probability; a tree takes probability or rate_per_hour"),
        (f'kind = "tree"\n{fault("a", rate_per_hour=1.0, **GOOD)}', 2, "has both probability and rate_per_hour"),
        (f'kind = "tree"\n{fault("a", exposure_s=1.0, **GOOD)}', 5, "faults.0.exposure_s belongs to rate_per_hour"),
        (f'kind = "tree"\n{fault("a", probability=1.5)}', 5, "faults.0.probability is 1.5; it must be at least 0, at most 1"),
        (
            f'kind = "tree"\n{fault("aa", **GOOD)}{fault("b", given=chr(34) + "aaa" + chr(34), **GOOD)}',
            10,
            "names 'aaa', which is no id of this file; did",
        ),
        (f'kind = "tree"\n{fault("a", given=chr(34) + "a" + chr(34), **GOOD)}', 5, "leads back to a itself (a given a)"),
        (f'kind = "tree"\n{fault("a", **GOOD)}{fault("a", "imu.stuck", **GOOD)}', 8, "faults.1.id is 'a' a second time"),
        (
            f'kind = "tree"\n{fault("a", "velocimeter.dropout", **GOOD)}',
            4,
            "faults.0.fault is 'velocimeter.dropout', but this lander has no velocimeter",
        ),
        (f'kind = "tree"\n{fault("a", "range_finder.bias", **GOOD)}', 2, "faults.0 has no size_m"),
        (
            f'kind = "tree"\n{fault("a", height_m="{ low = 3.0, high = 3.0 }", **GOOD)}',
            5,
            "faults.0.height_m goes from 3 to 3; low must be below high",
        ),
        (f'kind = "tree"\n{fault("a", height_m="{ low = 3.0 }", **GOOD)}', 5, "is no range; write a number, or { low = .., high = .. }"),
        (
            f'kind = "tree"\n{fault("a", "main_engine.shortfall", size_percent="{ low = 3.0, high = 101.0 }", **GOOD)}',
            5,
            "size_percent is 101; for main_engine.shortfall it must be at least 0, at most 100",
        ),
        (f'kind = "tree"\n{fault("a", duration_s="{ low = -3.0, high = 101.0 }", **GOOD)}', 5, "duration_s is -3; it must be above 0"),
        (f'kind = "tree"\n{fault("a", hight_m=3.0, **GOOD)}', 5, "unknown key faults.0.hight_m; did you mean height_m?"),
        (f'kind = "single"\n{fault("a", probability=0.5)}', 5, "faults.0.probability has no meaning in the kind single"),
        (f'kind = "pairs"\n{fault("a")}', 1, "kind is pairs, which needs at least 2 [[faults]]; there is 1"),
        ('kind = "single"\n', 1, "needs at least 1 [[faults]]; there are none"),
        (f'kind = "planted"\n{fault("a")}', 1, "takes [[planted]] faults alone"),
        ('kind = "pair"\n', 1, 'kind is the text "pair"; did you mean "pairs"?'),
        ('kind = "planted"\n[[planted]]\nrun = -1\nfault = "imu.stuck"\n', 3, "planted.0.run is -1"),
        ('kind = "planted"\n[[planted]]\nrun = 1\nfault = "imu.stuk"\n', 4, "planted.0.fault is 'imu.stuk'; did you mean imu.stuck?"),
        ('kind = "planted"\n' + '[[planted]]\nrun = 1\nfault = "imu.stuck"\n' * 7, 21, "planted.6.run is 1, which has more than the 6 faults"),
        ('kind = "tree\n', 1, "this is not valid TOML"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_its_line(text, line, says):
    with pytest.raises(PeriluneError) as caught:
        schedule_from(text, MISSION, "my.toml")
    message = str(caught.value)
    assert message.startswith(f"my.toml:{line}: ") and says in message and len(message.splitlines()) == 1, message


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(PeriluneError, match=r"gone\.toml: cannot be read"):
        read_schedule(tmp_path / "gone.toml", MISSION)
    with pytest.raises(PeriluneError, match="this is a folder; give the path of a fault schedule in it"):
        read_schedule(tmp_path, MISSION)


def test_a_run_with_more_faults_than_there_is_room_for_is_refused():
    full = tree(*(fault(f"f{i}", probability=0.9, source='"assumed"') for i in range(7)))
    with pytest.raises(PeriluneError, match=r"^faults\.toml: run \d+ is given 7 faults, and a flight has room for 6"):
        draw_faults(full, MISSION, 1, np.arange(100))


def test_a_fault_planted_beyond_the_runs_is_refused():
    schedule = schedule_from('kind = "planted"\n[[planted]]\nrun = 30\nfault = "imu.stuck"\n', MISSION, "my.toml")
    schedule.check_runs(31)
    with pytest.raises(PeriluneError, match=r"my\.toml: a fault is planted in run 30, and runs 0 to 29 are flown"):
        schedule.check_runs(30)
