"""The door that speaks the Perspective API, v1alpha1."""
