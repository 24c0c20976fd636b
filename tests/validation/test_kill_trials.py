"""A campaign killed at a random moment must be the undisturbed one after a resume, whatever was under way."""

from perilune.validation.kill_trials import kill_trials


def test_killed_campaigns_resume_to_the_same_table(tmp_path):
    trials = kill_trials(tmp_path, ("any", "part", "table"), runs=24, part_runs=3)
    assert [trial.is_same for trial in trials] == [True] * 3
    assert trials[1].left in ("writing a part", "flying")
    assert trials[2].left in ("merging", "summing up")
