"""The judge: a pure core that turns a comment into a verdict with its reasons."""
