"""What the pages of those who sign in share: the door, the guard, the frame."""
