"""Mutation testing of the engine: which changes of its code does nothing notice?"""
