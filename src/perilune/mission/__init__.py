"""The mission file: one lander, its flight software and one site, with its cases, dispersions, limits and published numbers."""
