"""The demonstration: fictional applicants played through the real services."""
