"""Shipped models: the weights, their card, and what reads them."""
