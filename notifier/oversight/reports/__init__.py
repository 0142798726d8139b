"""Figures of a month, by protocol, provider and office."""
