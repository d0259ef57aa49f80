"""Devices that several tests share."""
