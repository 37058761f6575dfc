// SPDX-License-Identifier: GPL-2.0-only

//! The SRTP indices that the outputs of a table use: no two packets may have the same one under one key (RFC 3711, 9.1).
//!
//! Outputs with one key have the same [`Sent`], also when one of them belongs to a target that was deleted and may still be sending, and
//! another to the target that was added again. When the last one has gone, the memory of the table knows what was used.

use crate::{
    rtp_media::srtp::index::{Counters, Listed, Memory, NoIndex, Sent, Slot, StreamId},
    rtp_wire::{srtp, target::MAX_SSRCS, Srtp},
    sys::{bottom_halves::Disabled, crypto::wipe, siphash::SipKey},
};
use kernel::{
    alloc::KVVec,
    new_mutex, new_spinlock,
    prelude::*,
    rbtree::{RBTree, RBTreeNode},
    sync::{Arc, Mutex, SpinLock},
};

/// How many keys and streams are remembered at most.
const SLOTS: usize = 65_536;

/// The indices of all keys. Keys are known by a hash, whose own key is this table's.
#[pin_data]
pub(crate) struct Indices {
    hash: SipKey,
    /// The keys that outputs have. Taken by what may sleep, before the locks of its keys.
    #[pin]
    live: Mutex<RBTree<u64, Live>>,
    /// Taken by commands, and by the packet path, after the lock of a key.
    #[pin]
    memory: SpinLock<Memory<KVVec<Slot>>>,
}

/// A key that outputs have.
struct Live {
    key: Arc<Key>,
    users: usize,
}

/// The indices of a key.
#[pin_data]
struct Key {
    number: u64,
    /// Taken by commands, and by the packet path.
    #[pin]
    sent: SpinLock<Sent<KVec<Listed>>>,
}

/// The key of an output.
pub(crate) struct KeyUse {
    indices: Arc<Indices>,
    key: Arc<Key>,
    copy: u8,
    /// The SSRCs that it lists, as they are sent.
    listed: [Option<u32>; MAX_SSRCS],
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
                live <- new_mutex!(RBTree::new()),
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

    /// Has an output, the `copy`th of its target that has this key, use it, and list SSRCs. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory.
    pub(crate) fn begin(
        self: &Arc<Self>,
        number: u64,
        copy: u8,
        listed: [Option<u32>; MAX_SSRCS],
    ) -> Result<KeyUse> {
        let count = listed.iter().flatten().count();
        let mut live = self.live.lock();
        let key = match live.get_mut(&number) {
            Some(live) => {
                live.key.make_places(count)?;
                live.users = live.users.saturating_add(1);
                live.key.clone()
            }
            None => {
                let key = self.key_of(number, count)?;
                let entry = Live {
                    key: key.clone(),
                    users: 1,
                };
                live.insert(RBTreeNode::new(number, entry, GFP_KERNEL_ACCOUNT)?);
                key
            }
        };
        self.locked(&key, |sent, memory| {
            for ssrc in listed.into_iter().flatten() {
                sent.list(StreamId { ssrc, copy }, memory);
            }
        });
        Ok(KeyUse {
            indices: self.clone(),
            key,
            copy,
            listed,
        })
    }

    /// A key that no output had until now, with places for that many SSRCs.
    fn key_of(&self, number: u64, count: usize) -> Result<Arc<Key>> {
        let places = places(count)?;
        let sent = {
            let _off = Disabled::new();
            let memory = self.memory.lock();
            Sent::new(number, places, &*memory)
        };
        Arc::pin_init(
            pin_init!(Key {
                number,
                sent <- new_spinlock!(sent),
            }),
            GFP_KERNEL_ACCOUNT,
        )
    }

    /// Changes the indices of a key and the memory.
    fn locked(
        &self,
        key: &Key,
        change: impl FnOnce(&mut Sent<KVec<Listed>>, &mut Memory<KVVec<Slot>>),
    ) {
        key.locked(|sent| {
            let mut memory = self.memory.lock();
            change(sent, &mut memory);
        });
    }
}

fn places(count: usize) -> Result<KVec<Listed>> {
    Ok(KVec::from_elem(Listed::EMPTY, count, GFP_KERNEL_ACCOUNT)?)
}

impl Key {
    /// Has a command do something with the indices, which the packet path is not to want meanwhile on this processor.
    fn locked<T>(&self, change: impl FnOnce(&mut Sent<KVec<Listed>>) -> T) -> T {
        let _off = Disabled::new();
        // Not at the end of the block, where it would outlive what disables bottom halves.
        let mut sent = self.sent.lock();
        change(&mut sent)
    }

    /// Makes room for so many SSRCs more. Called with the keys locked: nobody else adds any.
    fn make_places(&self, more: usize) -> Result {
        let (there, taken) = self.locked(|sent| sent.places());
        let wanted = taken.saturating_add(more);
        if wanted > there {
            let places = places(wanted.saturating_mul(2))?;
            let old = self.locked(|sent| sent.move_to(places));
            drop(old);
        }
        Ok(())
    }
}

impl KeyUse {
    /// The number of the key.
    pub(crate) fn number(&self) -> u64 {
        self.key.number
    }

    /// The highest index that was used of an SSRC that is listed, by what counters say, too.
    pub(crate) fn used_before(&self, ssrc: u32, counters: &Counters) -> Option<u32> {
        let stream = self.stream(ssrc);
        self.key.locked(|sent| sent.raise(stream, counters))
    }

    /// The first index of SRTCP that was not used.
    pub(crate) fn next_rtcp(&self) -> u32 {
        self.key.locked(|sent| sent.next_rtcp())
    }

    fn stream(&self, ssrc: u32) -> StreamId {
        let copy = self.copy;
        StreamId { ssrc, copy }
    }

    /// The index of the next RTP packet. Called with bottom halves off.
    pub(super) fn next_rtp(&self, ssrc: u32, sequence: u16, shared: u32) -> Result<u32, NoIndex> {
        let stream = self.stream(ssrc);
        let mut sent = self.key.sent.lock();
        sent.next_rtp(stream, sequence, shared, |key| {
            let mut memory = self.indices.memory.lock();
            memory.next_rtp(key, stream, sequence)
        })
    }

    /// The index of the next SRTCP packet: `take` takes it from counters. Called with bottom halves off.
    pub(super) fn take_rtcp(&self, take: impl FnOnce(u32) -> Option<u32>) -> Result<u32, NoIndex> {
        let mut sent = self.key.sent.lock();
        sent.take_rtcp(take)
    }
}

impl Drop for KeyUse {
    /// Comes when no packet of the output is on its way any more. May sleep.
    fn drop(&mut self) {
        let mut live = self.indices.live.lock();
        let number = self.key.number;
        let Some(entry) = live.get_mut(&number) else {
            return;
        };
        entry.users = entry.users.saturating_sub(1);
        let is_last = entry.users == 0;
        self.indices.locked(&self.key, |sent, memory| {
            for ssrc in self.listed.into_iter().flatten() {
                sent.unlist(self.stream(ssrc), memory);
            }
            if is_last {
                sent.end(memory);
            }
        });
        if is_last {
            live.remove(&number);
        }
    }
}
