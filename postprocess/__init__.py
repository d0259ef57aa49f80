"""Reads results only: tables, figures, ParaView files."""
