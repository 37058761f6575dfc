// SPDX-License-Identifier: GPL-2.0-only

//! Error numbers of Linux on x86-64, positive, as refusals name them.

/// No such target.
pub const ENOENT: i32 = 2;
/// Not a message at all, or not yet.
pub const EIO: i32 = 5;
/// Memory not aligned to a page.
pub const ENXIO: i32 = 6;
/// A table that has its daemon.
pub const EBUSY: i32 = 16;
/// A pointer that leads nowhere.
pub const EFAULT: i32 = 14;
/// A value out of its range.
pub const EINVAL: i32 = 22;
/// A message too long, or of a foreign layout.
pub const ERANGE: i32 = 34;
/// A message too short, or of a foreign layout.
pub const EMSGSIZE: i32 = 90;
