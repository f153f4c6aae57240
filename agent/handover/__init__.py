"""Door to those who go on with a case: e-mail, trouble-ticketing system, webhooks; no SQL, no ARI."""
