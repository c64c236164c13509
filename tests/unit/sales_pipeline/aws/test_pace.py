"""A pace spreads what is used over the time that it takes."""

from sales_pipeline.aws import pace


class Clock:
    """Stands still but for sleeps."""

    seconds = 0.0

    def monotonic(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


def test_reads_keep_to_their_pace(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    paced = pace.Pace(10.0, clock.monotonic())
    paced.pay(5.0)
    paced.pay(20.0)
    paced.pay(0.0)
    assert clock.seconds == 2.5
    clock.seconds = 100.0  # time in which nothing was read does not count
    paced.pay(10.0)
    assert clock.seconds == 101.0
