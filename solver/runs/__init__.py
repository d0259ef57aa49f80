"""What did the user ask for? The points of each kind of run."""
