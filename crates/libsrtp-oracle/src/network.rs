// SPDX-License-Identifier: GPL-2.0-only

//! What lies between two ends, and does not behave.

use std::ops::Range;

use crate::random::Random;

/// A packet, on its way or stored for later.
#[derive(Clone)]
pub struct Packet {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Its true packet index.
    pub index: u32,
    /// What it was before it was protected.
    pub plain: Vec<u8>,
    /// Whether it is as it was sent.
    pub is_genuine: bool,
    /// Which bytes may be changed: what is not in here is not looked at.
    pub fragile: Vec<Range<usize>>,
}

/// Packets under way, and some of those that were.
#[derive(Default)]
pub struct Network {
    delayed: Vec<Packet>,
    stored: Vec<Packet>,
}

/// How many packets somebody stores, to send them again.
const MAX_STORED: usize = 300;

impl Network {
    /// Takes a packet, and returns what arrives instead.
    pub fn carry(&mut self, random: &mut Random, packet: Packet) -> Vec<Packet> {
        let mut arriving = Vec::new();
        if self.stored.len() < MAX_STORED {
            self.stored.push(packet.clone());
        } else if random.one_in(4) {
            let place = random.within(0..MAX_STORED);
            self.stored[place] = packet.clone();
        }
        if random.one_in(16) {
            arriving.push(tampered(random, &packet));
        }
        match random.within(0..16) {
            0 => (),
            1 | 2 => self.delayed.push(packet),
            3 => arriving.extend([packet.clone(), packet]),
            _ => arriving.push(packet),
        }
        if !self.delayed.is_empty() && random.one_in(6) {
            let place = random.within(0..self.delayed.len());
            arriving.push(self.delayed.swap_remove(place));
        }
        if random.one_in(12) {
            let place = random.within(0..self.stored.len());
            arriving.push(self.stored[place].clone());
        }
        arriving
    }
}

/// A bit flipped, or the end cut off.
fn tampered(random: &mut Random, packet: &Packet) -> Packet {
    let mut packet = packet.clone();
    let Some(range) = packet
        .fragile
        .get(random.within(0..packet.fragile.len().max(1)))
    else {
        return packet;
    };
    let byte = random.within(range.clone());
    packet.bytes[byte] ^= 1 << random.within(0..8);
    packet.is_genuine = false;
    packet
}
