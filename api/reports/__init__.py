"""Reports: a run, several runs or a project as one page for a file, a model card after Mitchell et al."""
