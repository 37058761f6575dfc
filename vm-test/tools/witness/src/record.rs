// SPDX-License-Identifier: GPL-2.0-only

//! Sends the packets of each case, and writes down what became of them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rtp_wire::generations::del_target;
use rtp_wire::{Flow, Generation, Output, PointerKind, Target};
use zerocopy::{FromZeros as _, IntoBytes as _};

use crate::{
    case::{endpoint, of_family, Addresses, Case, OUTPUT_PORT, SENDER_PORT, TARGET_PORT},
    control::{read, Control, Places, GLOBAL},
    counters::counters,
    listing,
    meant::ALL,
    network::{self, Receiver, Userspace},
    transcript::{append_hex, Transcript},
};

/// Port of the target whose packets tell that those before them have arrived.
const MARKER_PORT: u16 = 9_999;
/// How many cases show each difference that does not show everywhere.
const CASES_OF_A_DIFFERENCE: u32 = 4;
const TABLE: u32 = 0;
/// When processors have brought what they have counted of all calls.
const SETTLED: Duration = Duration::from_millis(12);

/// What is to be recorded.
pub(crate) struct Plan<'a> {
    pub(crate) generation: Generation,
    pub(crate) seed: u64,
    pub(crate) targets: u32,
    pub(crate) packets: usize,
    pub(crate) addresses: Addresses,
    pub(crate) sender: &'a Path,
    pub(crate) receiver: &'a Path,
}

struct Recorder<'a> {
    plan: &'a Plan<'a>,
    control: Control,
    /// The expected ones of each family, then the others.
    senders: [[UdpSocket; 2]; 2],
    receiver: Receiver,
    markers: u64,
    start: u64,
    buffer: Vec<u8>,
}

fn micros() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_micros() as u64)
}

/// Records all cases.
pub(crate) fn record(plan: &Plan<'_>, to: &Path) -> io::Result<()> {
    network::stay_on_one_processor()?;
    let alone: Vec<_> = ALL
        .iter()
        .filter(|meant| meant.alone && meant.difference.is_of(plan.generation))
        .collect();
    let others = alone.len() as u32 * CASES_OF_A_DIFFERENCE;
    // Socket buffers must not fill while a case is sent, nor may this be enabled late.
    let stamps = Userspace::bind(plan.addresses.target.0.into(), MARKER_PORT)?;
    let mut recorder = Recorder::new(plan, 64 + (plan.targets + others) as usize * 2)?;
    recorder.add_marker()?;

    let mut made = Vec::new();
    for number in 0..plan.targets + others {
        let shows = number.checked_sub(plan.targets).and_then(|n| {
            alone
                .get(n as usize % alone.len())
                .map(|meant| meant.difference)
        });
        let mut case = Case::new(plan, number, shows);
        let (transcript, places) = recorder.case(&mut case)?;
        case.packets.clear();
        made.push((case, transcript, places));
    }
    drop(stamps);

    let list = fs::read_to_string(format!("/proc/rtpengine/{TABLE}/list"))?;
    let mut blocks = listing::blocks(&list);
    let seconds = recorder.start / 1_000_000..=micros() / 1_000_000;
    let mut file = BufWriter::new(File::create(to)?);
    for (case, mut transcript, _) in made {
        let block = blocks.remove(&case.target.local.to_string());
        transcript.list = listing::without_counters(
            block.unwrap_or_default(),
            &case,
            &transcript.counters,
            seconds.clone(),
        );
        transcript.commands.extend(recorder.control.delete(&case));
        serde_json::to_writer(&mut file, &transcript)?;
        file.write_all(b"\n")?;
    }
    let marker = endpoint(plan.addresses.target.0.into(), MARKER_PORT);
    let command = del_target(&marker);
    recorder.control.send(command.as_bytes());
    file.flush()
}

impl<'a> Recorder<'a> {
    fn new(plan: &'a Plan<'a>, pages: usize) -> io::Result<Self> {
        let control = Control::open(TABLE, plan.generation, pages)?;
        let senders = network::within(plan.sender, || {
            let pair = |ipv6| {
                let address = of_family(plan.addresses.sender, ipv6);
                Ok::<_, io::Error>([
                    network::sender(address, SENDER_PORT)?,
                    network::sender(address, SENDER_PORT + 1)?,
                ])
            };
            Ok([pair(false)?, pair(true)?])
        })?;
        let receiver = network::within(plan.receiver, Receiver::open)?;
        Ok(Self {
            plan,
            control,
            senders,
            receiver,
            markers: 0,
            start: micros(),
            buffer: vec![0; 1 << 16],
        })
    }

    fn sender(&self, ipv6: bool, which: usize) -> &UdpSocket {
        let [v4, v6] = &self.senders;
        let pair = if ipv6 { v6 } else { v4 };
        let [expected, other] = pair;
        if which == 0 {
            expected
        } else {
            other
        }
    }

    /// Adds the target of markers, and waits until they come.
    fn add_marker(&mut self) -> io::Result<()> {
        let addresses = &self.plan.addresses;
        let memory = &mut self.control.memory;
        let mut target = Target::new_zeroed();
        target.local = endpoint(addresses.target.0.into(), MARKER_PORT);
        target.num_outputs = 1;
        target
            .groups
            .iter_mut()
            .take(1)
            .for_each(|it| it.rtp_end = 1);
        let mut take = |kind| {
            let place = memory.take(kind);
            memory.pointer(place)
        };
        target.stats = take(PointerKind::Stream);
        target.interface_stats = take(PointerKind::Interface);
        let mut output = Output::new_zeroed();
        output.flow = Flow::v4(
            (addresses.output.0.octets(), MARKER_PORT),
            (addresses.receiver.0.octets(), MARKER_PORT),
        );
        output.stats = take(PointerKind::Stream);
        output.interface_stats = take(PointerKind::Interface);
        let control = &self.control;
        let results = [
            control.send(&control.add_target(&target)),
            control.send(&control.add_destination(&target.local, 0, &output)),
        ];
        if results != [0, 0] {
            return Err(io::Error::other(format!("the marker: {results:?}")));
        }
        // Time stamps are turned on some time after the first socket asks for them.
        std::thread::sleep(Duration::from_millis(500));
        self.until_marker(&mut Transcript::default())
    }

    /// Sends a marker, and writes down what comes before it. Counters are right when this returns.
    fn until_marker(&mut self, to: &mut Transcript) -> io::Result<()> {
        self.markers += 1;
        let marker = self.markers.to_be_bytes();
        let local = (self.plan.addresses.target.0, MARKER_PORT);
        self.sender(false, 0).send_to(&marker, local)?;
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let datagram = self.receiver.next(&mut buffer)?;
            if datagram.port == MARKER_PORT {
                if datagram.payload == marker {
                    break;
                }
                continue;
            }
            let Some(output) = datagram.port.checked_sub(OUTPUT_PORT) else {
                continue;
            };
            let [with, without] = &mut to.dont_fragment;
            match datagram.dont_fragment {
                Some(true) => *with += 1,
                Some(false) => *without += 1,
                None => {}
            }
            let mut line = format!(
                "{output} {} {} {} ",
                datagram.source_port, datagram.tos, datagram.ttl
            );
            append_hex(&mut line, datagram.payload);
            to.sent.push(line);
        }
        self.buffer = buffer;
        std::thread::sleep(SETTLED);
        Ok(())
    }

    fn case(&mut self, case: &mut Case) -> io::Result<(Transcript, Places)> {
        let address = of_family(self.plan.addresses.target, case.ipv6);
        let port = TARGET_PORT + case.number as u16;
        let userspace = Userspace::bind(address, port)?;
        let (commands, places) = self.control.add(case);
        let mut transcript = Transcript {
            case: case.number,
            shows: case.shows.map(|shows| shows.meant().id.to_owned()),
            meant: case
                .meant
                .iter()
                .map(|it| it.meant().id.to_owned())
                .collect(),
            about: std::mem::take(&mut case.about),
            overheads: case
                .outputs
                .iter()
                .map(|it| it.protection.as_ref().map(|it| it.rtp_overhead() as u64))
                .collect(),
            packets: case.packets.len() as u32,
            commands,
            ..Transcript::default()
        };
        let before: Vec<_> = read(&self.control.memory, self.control.global, GLOBAL).collect();
        for which in 0..2 {
            network::set_tos(self.sender(case.ipv6, which), case.tos)?;
        }
        for packet in &case.packets {
            self.sender(case.ipv6, packet.sender)
                .send_to(&packet.bytes, (address, port))?;
        }
        network::set_tos(self.sender(false, 0), 0)?;
        self.until_marker(&mut transcript)?;
        while let Some(seen) = userspace.next(&mut self.buffer)? {
            let mut line = format!("{} ", seen.port);
            line.push_str(if seen.is_marked { "relayed " } else { "" });
            append_hex(&mut line, self.buffer.get(..seen.length).unwrap_or(&[]));
            transcript.passed.push(line);
        }
        let run = match self.plan.generation {
            Generation::V12_5 => self.start / 1_000_000..=micros() / 1_000_000,
            _ => self.start..=micros(),
        };
        transcript.counters = counters(&self.control, &places, &before, run);
        Ok((transcript, places))
    }
}
