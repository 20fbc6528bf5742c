"""The service over a fresh database, with the site `demo` in French."""

from tests.api.conftest import house

__all__ = ["house"]
