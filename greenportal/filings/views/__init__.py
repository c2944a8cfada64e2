"""Views of filings: the home page, and the pages on which a sheet is filled in."""
