"""Use cases for pages, routes and the command line. No torch; meets the job bodies only in the run's row."""
