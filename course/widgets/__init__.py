"""What a lesson shows: the graph theatre and its front end."""
