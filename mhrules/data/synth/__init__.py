"""Invented populations for any program: people, enrollment, claims, rosters and facts that fit together."""
