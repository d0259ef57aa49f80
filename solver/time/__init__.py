"""What happens next? Sources in time, time integration, settling."""
