"""What Grafana shows of Fengge, as code."""
