"""Geometry to tagged mesh; no physics."""
