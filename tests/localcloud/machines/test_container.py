"""What belongs to a machine is found while it is ending, too."""

from pathlib import Path

from localcloud.machines.container import processes_in


def test_the_processes_of_a_group_are_also_those_below_and_one_that_is_gone_is_no_fault(
    tmp_path: Path,
) -> None:
    inner = tmp_path / "memory" / "i-1" / "system.slice"
    (inner / "going").mkdir(parents=True)
    (inner / "cgroup.procs").write_text("12\n7\n")
    (inner.parent / "cgroup.procs").write_text("7\n3\n")

    assert processes_in([tmp_path / "memory", tmp_path / "gone"]) == [3, 7, 12]
