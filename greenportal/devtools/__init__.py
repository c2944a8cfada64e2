"""What `make` calls: set-up, local servers, checks. Nothing here runs in production."""
