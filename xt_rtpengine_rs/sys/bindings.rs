// SPDX-License-Identifier: GPL-2.0-only

//! The C declarations that bindgen makes of `bindings.h`, seen by `sys` only.

#![expect(
    clippy::all,
    clippy::cast_lossless,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    improper_ctypes,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unreachable_pub
)]

use kernel::{bindings::tracepoint, ffi};

type __kernel_size_t = usize;
type __kernel_ssize_t = isize;
type __kernel_ptrdiff_t = isize;

include!(env!("RTPENGINE_BINDINGS"));
