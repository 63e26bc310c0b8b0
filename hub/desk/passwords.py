"""Passwords: hashed with argon2id, checked in the same time whether the user exists or not."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

MIN_LENGTH = 8
MAX_LENGTH = 256

# One lane, so that a morning's sign-ins take one core at a time and leave the others to the calls. Memory and
# passes are OWASP's recommendation for argon2id (Password Storage Cheat Sheet).
_hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1, type=Type.ID)


def hash_password(password: str) -> str:
    """Return the hash to store. Raises `ValueError` in words for the person who chose the password."""
    if len(password) < MIN_LENGTH:
        raise ValueError(f"The password is too short: at least {MIN_LENGTH} characters.")
    if len(password) > MAX_LENGTH:
        raise ValueError(f"The password is too long: at most {MAX_LENGTH} characters.")
    return _hasher.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Return whether the password fits. A stored hash that is damaged fits nothing."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)


def decoy_hash() -> str:
    """Return a hash whose password no one knows, to spend on unknown users the time that known ones take."""
    return _hasher.hash(secrets.token_urlsafe())
