"""The parts that all recipes for images share; it is no recipe itself."""
