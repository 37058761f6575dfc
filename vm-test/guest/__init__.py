# SPDX-License-Identifier: GPL-2.0-only
"""What a scenario of vm-test is written with; it runs inside the virtual machine."""
