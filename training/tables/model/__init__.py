"""A trained model of tables: what it takes, what it answers, and how it is stored."""
