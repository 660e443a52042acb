"""Two instances of a service share its shards, stand in for each other, and give back."""

from tests.integration.process import SHARDS, Stage, until


def readers(stage: Stage) -> list[int]:
    """How many consumers each shard has."""
    with stage.channel() as channel:
        return [
            channel.queue_declare(f"ticket.{shard}", passive=True).method.consumer_count
            for shard in range(SHARDS)
        ]


def test_each_shard_has_one_reader_also_when_a_fellow_dies_and_when_it_is_back(stage: Stage) -> None:
    first = stage.start(INSTANCE="1/2")
    second = stage.start(INSTANCE="2/2")
    until(lambda: readers(stage) == [1] * SHARDS)
    assert not any("shard" in line for process in (first, second) for line in process.lines())

    second.popen.kill()
    stage.submit(range(50))
    until(lambda: stage.tickets() == 50)
    assert sorted(line["shard"] for line in first.lines() if line["message"] == "shard taken over") == [1, 3]

    second = stage.start(INSTANCE="2/2")
    until(lambda: sum(line["message"] == "shard given back" for line in first.lines()) == 2)
    assert readers(stage) == [1] * SHARDS
    stage.submit(range(50, 100))
    until(lambda: stage.tickets() == 100)
    assert first.stop()[0] == 0
    assert second.stop()[0] == 0
    assert not stage.left()
