"""One file per engine, executed by `../serve.py` in any Python 3.10 or newer that has the engine and numpy.

An adapter defines `open_model(path, threads, feed)`: it loads the file `path` for inputs of the sizes in `feed` (arrays
by name, in the model's order) and returns what to call the engine in tables, and a function without arguments that
runs once and returns the outputs. It has the engine's name; it imports nothing of sparsec.
"""
