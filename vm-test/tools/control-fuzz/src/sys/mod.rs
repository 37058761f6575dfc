// SPDX-License-Identifier: GPL-2.0-only

//! What cannot be done without unsafe code.

#![expect(unsafe_code)]

mod calls;
mod pages;
mod process;

pub(crate) use calls::{read_from, write_from};
pub(crate) use pages::{
    advise, map, map_file, protect, remap, store, unmap, Access, Kind, FIRST, LAST,
};
pub(crate) use process::{fork, pass};
