// SPDX-License-Identifier: GPL-2.0-only

//! A copy of this process, and open files that are sent between processes.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use nix::libc;
use nix::sys::socket::{
    recvmsg, sendmsg, socketpair, AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags,
    SockFlag, SockType,
};
use nix::unistd::{ForkResult, Pid};

/// Has a copy of this process do something; its exit code is what that returns.
pub(crate) fn fork(work: impl FnOnce() -> i32) -> nix::Result<Pid> {
    // SAFETY: This process has one thread, so that its copy may do what it could.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let code = work();
            // SAFETY: It ends the process. What is buffered is the parent's to write.
            unsafe { libc::_exit(code) }
        }
    }
}

/// Sends an open file through a socket, and closes it here. Returns what arrives, or, when nobody receives it,
/// nothing.
pub(crate) fn pass(file: OwnedFd, is_received: bool) -> nix::Result<Option<OwnedFd>> {
    let kind = (AddressFamily::Unix, SockType::Datagram);
    let (here, there) = socketpair(kind.0, kind.1, None, SockFlag::SOCK_CLOEXEC)?;
    let raw = [file.as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&raw)];
    let data = [IoSlice::new(b"file")];
    sendmsg::<()>(here.as_raw_fd(), &data, &rights, MsgFlags::empty(), None)?;
    drop(file);
    if !is_received {
        return Ok(None);
    }
    let mut space = nix::cmsg_space!([RawFd; 1]);
    let mut text = [0; 8];
    let mut buffers = [IoSliceMut::new(&mut text)];
    let received = recvmsg::<()>(
        there.as_raw_fd(),
        &mut buffers,
        Some(&mut space),
        MsgFlags::MSG_CMSG_CLOEXEC,
    )?;
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(files) = message {
            if let Some(&raw) = files.first() {
                // SAFETY: It was just received, and nobody else knows it.
                return Ok(Some(unsafe { OwnedFd::from_raw_fd(raw) }));
            }
        }
    }
    Err(nix::errno::Errno::ENOMSG)
}
