"""What operators see and do: measurements of the workers' work, and the tasks that failed."""
