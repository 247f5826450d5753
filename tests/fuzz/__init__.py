"""Random, valid and spoiled traffic against everything that reads what others write: `python -m tests.fuzz`."""
