"""What leaves: which values are whose, and what is shown in their place. Pure; knows no protocol, and decides nothing."""
