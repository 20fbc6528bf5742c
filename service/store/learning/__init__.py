"""What each site has learned from its moderators."""
