"""Projects: an upload, its inspection, and the pipeline that makes a model of it."""
