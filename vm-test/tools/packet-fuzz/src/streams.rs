// SPDX-License-Identifier: GPL-2.0-only

//! Valid packets, sent by another thread while hostile ones come: each has to arrive, byte for byte.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::dice::Dice;
use crate::expect::expect;
use crate::lane::Lane;
use crate::plan::Plan;
use crate::sockets::send;
use crate::{stay_on, Failure};

/// How many packets of a stream go in a row.
const BURST: u64 = 8;
/// There is a valid packet to so many hostile ones.
const HOSTILE: u64 = 6;

/// All streams.
pub(crate) struct Streams {
    streams: Vec<Stream>,
    dice: Dice,
    buffer: Vec<u8>,
}

struct Stream {
    lane: Lane,
    size: usize,
    sent: u64,
    received: u64,
}

impl Streams {
    pub(crate) fn new(plan: &Plan) -> Result<Self, Failure> {
        let mut dice = Dice::new(!plan.seed);
        let mut streams = Vec::new();
        for stream in &plan.streams {
            let lane = Lane::new(&mut dice, stream.place.clone());
            let mut lane = lane.ok_or_else(|| Failure("a stream's target is none".into()))?;
            lane.peer.steady = true;
            streams.push(Stream {
                lane,
                size: stream.size,
                sent: 0,
                received: 0,
            });
        }
        Ok(Self {
            streams,
            dice,
            buffer: vec![0; 1 << 16],
        })
    }

    /// Sends valid packets as long as `work` goes on, which counts hostile ones.
    pub(crate) fn beside(
        &mut self,
        work: impl FnOnce(&AtomicU64) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (hostile, done) = (AtomicU64::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| self.run(&hostile, &done));
            let result = work(&hostile);
            done.store(true, Ordering::Relaxed);
            let beside = beside.join();
            result.and(beside.map_err(|_| Failure("the valid streams ended".into()))?)
        })
    }

    fn run(&mut self, hostile: &AtomicU64, done: &AtomicBool) -> Result<(), Failure> {
        stay_on(1)?;
        let mut sent = 0;
        loop {
            let ends = done.load(Ordering::Relaxed);
            if sent * HOSTILE >= hostile.load(Ordering::Relaxed) {
                if ends {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(2));
                continue;
            }
            for stream in &mut self.streams {
                stream.burst(&mut self.dice, &mut self.buffer)?;
                sent += BURST;
            }
        }
    }

    pub(crate) fn figures(&self) -> serde_json::Value {
        let figures = self.streams.iter().map(|stream| {
            let tally = &stream.lane.tally;
            let figures = json!({
                "sent": stream.sent, "received": stream.received, "packets": tally.packets,
                "bytes": tally.bytes, "outputs": tally.outputs, "errors": tally.errors,
            });
            (stream.lane.place.name.clone(), figures)
        });
        serde_json::Value::Object(figures.collect())
    }
}

impl Stream {
    fn burst(&mut self, dice: &mut Dice, buffer: &mut [u8]) -> Result<(), Failure> {
        let lane = &mut self.lane;
        let to = lane.local();
        let ends = lane.ends.clone();
        let (mut relayed, mut passed) = (VecDeque::new(), VecDeque::new());
        for _ in 0..BURST {
            let packet = lane.peer.valid(dice, self.size).payload;
            let fate = lane.receive(&ends, &packet, 0, &mut relayed, &mut passed);
            if fate.relayed.len() != lane.target.outputs.len() {
                return Err(Failure("a valid packet is not to be relayed".into()));
            }
            send(lane.place.sender, to, &packet)?;
            self.sent += 1;
        }
        let count = relayed.len() as u64;
        let came = expect(lane.place.receiver, &mut relayed, buffer)?;
        let came = came.map_err(|wrong| {
            let name = &lane.place.name;
            Failure(format!("valid packets of {name}: {}", wrong.what))
        })?;
        debug_assert_eq!(came, count);
        self.received += BURST;
        Ok(())
    }
}
