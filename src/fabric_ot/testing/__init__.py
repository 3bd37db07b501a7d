"""Frame builders and assertions for users' own tests."""

from __future__ import annotations

from fabric_ot.testing.assertions import assert_frames_equal
from fabric_ot.testing.frames import frame
from fabric_ot.testing.messages import NOON, NOON_MS, message

__all__ = ["NOON", "NOON_MS", "assert_frames_equal", "frame", "message"]
