"""What does a device do when its numbers change? A page in the browser with sliders; its curve and map follow."""
