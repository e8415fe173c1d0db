"""Block Kit: pure functions, sheets in, blocks out. Action and callback ids live here."""
