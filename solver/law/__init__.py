"""What current flows through one junction at a voltage and a temperature?"""
