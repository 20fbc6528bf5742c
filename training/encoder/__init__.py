"""The encoder: a small multilingual transformer, cut down and taught what the linear model is."""
