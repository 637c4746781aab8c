"""The glue: what connects `recommended_datasets` to CKAN. No rule of the standards lives here."""
