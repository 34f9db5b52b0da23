"""The part of the AutoGluon engine that runs in AutoGluon's environment."""
