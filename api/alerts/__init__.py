"""Critical alerts: rules over the metrics of any run, and what comes of them."""
