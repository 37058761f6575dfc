// SPDX-License-Identifier: GPL-2.0-only

//! Who gives SRTP its indices, as the module does for the outputs of a table.

use std::collections::HashMap;

use rtp_media::srtp::index::{Counters, Listed, Memory, NoIndex, Sent, Slot, StreamId};

/// The indices of all keys.
pub struct Indices {
    /// What is known of keys that no output has.
    pub memory: Memory<Vec<Slot>>,
    /// The keys that outputs have, and how many.
    live: HashMap<u64, (Sent<Vec<Listed>>, usize)>,
}

/// The key of an output. Its target may be deleted already, and have packets on their way.
#[derive(Clone, Debug)]
pub struct KeyUse {
    /// The number of the key.
    pub key: u64,
    copy: u8,
    listed: Vec<u32>,
}

impl KeyUse {
    fn stream(&self, ssrc: u32) -> StreamId {
        let copy = self.copy;
        StreamId { ssrc, copy }
    }
}

impl Indices {
    /// Nothing was sent. `slots` are how many keys and streams are remembered.
    pub fn new(slots: usize) -> Self {
        Self {
            memory: Memory::new(vec![Slot::EMPTY; slots]),
            live: HashMap::new(),
        }
    }

    /// An output, the `copy`th of its target with this key, uses it, and lists SSRCs.
    pub fn begin(&mut self, key: u64, copy: u8, listed: &[u32]) -> KeyUse {
        let listed = listed.to_vec();
        let used = KeyUse { key, copy, listed };
        let memory = &self.memory;
        let new = || (Sent::new(key, vec![], memory), 0);
        let (sent, users) = self.live.entry(key).or_insert_with(new);
        *users += 1;
        let places = sent.places().1 + used.listed.len();
        sent.move_to(vec![Listed::EMPTY; places]);
        for &ssrc in &used.listed {
            sent.list(used.stream(ssrc), memory);
        }
        used
    }

    /// The last packet of an output has gone.
    pub fn end(&mut self, used: &KeyUse) {
        let Some((sent, users)) = self.live.get_mut(&used.key) else {
            return;
        };
        for &ssrc in &used.listed {
            sent.unlist(used.stream(ssrc), &mut self.memory);
        }
        *users -= 1;
        if *users == 0 {
            sent.end(&mut self.memory);
            self.live.remove(&used.key);
        }
    }

    /// How many streams of a key are listed.
    pub fn listed(&self, key: u64) -> usize {
        self.live.get(&key).map_or(0, |(sent, _)| sent.places().1)
    }

    fn sent(&mut self, used: &KeyUse) -> &mut Sent<Vec<Listed>> {
        let (sent, _) = self.live.get_mut(&used.key).expect("it has begun");
        sent
    }

    /// The highest index that was used of a stream, by what counters say, too.
    pub fn raise(&mut self, used: &KeyUse, ssrc: u32, counters: &Counters) -> Option<u32> {
        self.sent(used).raise(used.stream(ssrc), counters)
    }

    /// The index of the next RTP packet. `shared` is what its counters tell, 0 for none.
    ///
    /// # Errors
    ///
    /// [`NoIndex`].
    pub fn next_rtp(
        &mut self,
        used: &KeyUse,
        ssrc: u32,
        sequence: u16,
        shared: u32,
    ) -> Result<u32, NoIndex> {
        let stream = used.stream(ssrc);
        let (sent, _) = self.live.get_mut(&used.key).expect("it has begun");
        sent.next_rtp(stream, sequence, shared, |key| {
            self.memory.next_rtp(key, stream, sequence)
        })
    }

    /// The index of the next SRTCP packet, which the next one of counters is behind, if there are any.
    ///
    /// # Errors
    ///
    /// [`NoIndex`].
    pub fn next_rtcp(&mut self, used: &KeyUse, counter: Option<&mut u32>) -> Result<u32, NoIndex> {
        self.sent(used).take_rtcp(|first| match counter {
            Some(counter) => {
                let index = first.max(*counter);
                *counter = index.saturating_add(1);
                Some(index)
            }
            None => Some(first),
        })
    }
}
