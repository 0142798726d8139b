"""Builds the house: the only place where settings become engines, gateways, workers and servers."""
