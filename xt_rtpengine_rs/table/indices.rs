// SPDX-License-Identifier: GPL-2.0-only

//! The SRTP indices that the outputs of a table used, from one target to the next, where no counters in
//! shared memory tell: no two packets may have the same index under one key (RFC 3711, 9.1).

use crate::{
    rtp_media::srtp::index::{Key, Memory, NoIndex, Slot, Used},
    rtp_wire::{srtp, Srtp},
    sys::{bottom_halves::Disabled, crypto::wipe, siphash::SipKey},
};
use kernel::{
    alloc::KVVec,
    new_spinlock,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, SpinLock,
    },
};

/// How many keys and SSRCs are remembered at most.
const SLOTS: usize = 65_536;

/// What is remembered. Keys are known by a hash, whose own key is this table's.
#[pin_data]
pub(crate) struct Indices {
    hash: SipKey,
    /// Taken by commands, and by the packet path after no other lock.
    #[pin]
    memory: SpinLock<Memory<KVVec<Slot>>>,
}

/// The key of an output.
pub(crate) struct KeyUse {
    indices: Arc<Indices>,
    key: Key,
    /// Whether there was a place for it; changed under the lock of the memory.
    is_begun: Atomic<u32>,
}

impl Indices {
    /// Nothing is remembered. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory.
    pub(crate) fn new() -> Result<Arc<Self>> {
        let slots = KVVec::from_elem(Slot::EMPTY, SLOTS, GFP_KERNEL_ACCOUNT)?;
        let memory = Memory::new(slots);
        Arc::pin_init(
            pin_init!(Self {
                hash: SipKey::random(),
                memory <- new_spinlock!(memory),
            }),
            GFP_KERNEL_ACCOUNT,
        )
    }

    /// The number by which a master key with its salt is known.
    pub(crate) fn key(&self, srtp: &Srtp) -> u64 {
        let mut material = [0; 2 + srtp::MAX_KEY + srtp::MAX_SALT];
        let parts = [
            &[srtp.master_key_len, srtp.master_salt_len],
            srtp.master_key(),
            srtp.master_salt(),
        ];
        for (to, from) in material.iter_mut().zip(parts.into_iter().flatten()) {
            *to = *from;
        }
        let key = self.hash.of(&material);
        wipe(&mut material);
        key
    }

    /// Has a command do something with the memory, which the packet path is not to want meanwhile on this processor.
    fn locked<T>(&self, change: impl FnOnce(&mut Memory<KVVec<Slot>>) -> T) -> T {
        let _off = Disabled::new();
        // Not at the end of the block, where it would outlive what disables bottom halves.
        let mut memory = self.memory.lock();
        change(&mut memory)
    }

    /// What was used under a key, of an SSRC and of SRTCP.
    pub(crate) fn used(&self, key: u64, ssrc: u32) -> Used {
        self.locked(|memory| memory.used(key, ssrc))
    }

    /// All indices of RTP of an SSRC up to that one were used under a key.
    pub(crate) fn raise(&self, key: u64, ssrc: u32, highest: u32) {
        self.locked(|memory| memory.raise(key, ssrc, highest));
    }

    /// A key, for the `lane`th output of its target that has it.
    pub(crate) fn use_of(self: &Arc<Self>, number: u64, lane: u8) -> KeyUse {
        let used = KeyUse {
            indices: self.clone(),
            key: Key { number, lane },
            is_begun: Atomic::new(0),
        };
        self.locked(|memory| used.begin(memory));
        used
    }
}

impl KeyUse {
    /// The number of the key.
    pub(crate) fn number(&self) -> u64 {
        self.key.number
    }

    /// Has a place to remember what is sent, as soon as there is one.
    fn begin(&self, memory: &mut Memory<KVVec<Slot>>) {
        if self.is_begun.load(Relaxed) == 0 && memory.begin(&self.key) {
            self.is_begun.store(1, Relaxed);
        }
    }

    /// The index of the next RTP packet. Called with bottom halves off.
    pub(crate) fn next_rtp(&self, ssrc: u32, sequence: u16) -> Result<u32, NoIndex> {
        let mut memory = self.indices.memory.lock();
        self.begin(&mut memory);
        memory.next_rtp(&self.key, ssrc, sequence)
    }

    /// The index of the next SRTCP packet. Called with bottom halves off.
    pub(crate) fn next_rtcp(&self) -> Result<u32, NoIndex> {
        let mut memory = self.indices.memory.lock();
        self.begin(&mut memory);
        memory.next_rtcp(&self.key)
    }
}

impl Drop for KeyUse {
    fn drop(&mut self) {
        if self.is_begun.load(Relaxed) != 0 {
            self.indices.locked(|memory| memory.end(&self.key));
        }
    }
}
