"""What `/metrics` shows, so that a test can say `metrics["kotadb_runs_total{outcome=completed}"]`."""

from prometheus_client.parser import text_string_to_metric_families


class Metrics(dict[str, float]):
    """Values by name and labels, the labels in alphabetic order; `names` are those that Prometheus knows afterwards."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                self[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value

    def since(self, before: "Metrics") -> dict[str, float]:
        """By how much values have changed; those that have not are left out, and so are buckets and times."""
        changed = {name: value - before.get(name, 0) for name, value in self.items() if value != before.get(name, 0)}
        return {name: value for name, value in changed.items() if "_bucket{" not in name and "_sum" not in name}
