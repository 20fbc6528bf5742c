"""The RQ workers: one module per task, and the runner that starts them."""
