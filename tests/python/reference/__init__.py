"""What simulations are held against: closed formulas, Markov chains, the same models as plants, and in SimPy."""
