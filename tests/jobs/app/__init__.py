"""An app with job kinds that misbehave on purpose."""
