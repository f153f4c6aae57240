"""Door to those who go on with a case: e-mail, trouble ticketing, webhooks; no SQL, no ARI word."""
