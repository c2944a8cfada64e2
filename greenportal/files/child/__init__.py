"""Parsers of uploaded files. Runs only inside the jailed child process (`greenportal.files.jail`).

Nothing here imports Django, reads settings or the environment, or opens a connection.
"""
