"""How the shipped weights are made from labelled data, and how they are judged."""
