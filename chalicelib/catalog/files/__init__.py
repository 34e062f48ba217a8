"""Product files in and out: dialects, jobs, reports."""
