"""The fault simulator: the real use cases and jobs over a virtual clock, driven from one seed."""
