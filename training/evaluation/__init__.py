"""The evaluation: what the stages and their peers make of texts that taught them nothing."""
