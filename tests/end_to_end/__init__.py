"""Deploys Dayshift to a local AWS server of another make and drives the packaged function through its story."""
