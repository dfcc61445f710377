"""Layers, losses and optimisers against torch."""
