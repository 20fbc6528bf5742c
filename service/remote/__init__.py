"""Checks that ask a service elsewhere: for workers only, off unless the operator names one."""
