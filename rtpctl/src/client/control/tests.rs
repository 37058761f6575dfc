// SPDX-License-Identifier: GPL-2.0-only

use std::cell::RefCell;
use std::collections::VecDeque;

use rtp_wire::Flow;

use super::super::super::config::{Mismatch, Output, PayloadType, Rewrite, Rtcp, Ssrc};
use super::*;

/// A control file that takes down what is written, and answers as it was told.
#[derive(Debug, Default)]
struct Fake {
    commands: Vec<Vec<u8>>,
    answers: VecDeque<i32>,
    /// How many bytes were mapped each time.
    mapped: RefCell<Vec<usize>>,
    refuses_to_map: Option<Errno>,
}

impl Write for Fake {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.commands.push(bytes.to_vec());
        match self.answers.pop_front() {
            None | Some(0) => Ok(bytes.len()),
            Some(errno) => Err(io::Error::from_raw_os_error(errno)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Mapped for Fake {
    fn map(&self, at: Option<usize>, bytes: usize) -> Result<SharedPages, Errno> {
        self.mapped.borrow_mut().push(bytes);
        match self.refuses_to_map {
            None => SharedPages::map(at, bytes),
            Some(errno) => Err(errno),
        }
    }
}

impl Fake {
    /// A C module that is taken for one of 26.0.
    fn control(answers: &[Errno]) -> Control<Self> {
        Self::speaking("26.0", By::Guess, answers)
    }

    fn speaking(name: &str, by: By, answers: &[Errno]) -> Control<Self> {
        let fake = Self {
            answers: answers.iter().map(|errno| *errno as i32).collect(),
            ..Self::default()
        };
        let interface = Interface {
            name: name.to_owned(),
            by,
        };
        Control::new(fake, 3, interface, Some(0))
    }
}

const DONE: Errno = Errno::UnknownErrno;

fn flow(from: &str, to: &str) -> Flow {
    let [from, to] = [from, to].map(|text| text.parse::<SocketAddr>().expect("an address"));
    Flow::new(from.into(), to.into()).expect("one family")
}

fn config() -> StreamConfig {
    let output = |text: &str, rtcp| Output {
        flow: flow("10.2.0.1:30002", text),
        rtcp,
        media: 0,
        tos: 0xb8,
        encrypt: None,
        rewrite: Rewrite::default(),
    };
    StreamConfig {
        table: 3,
        local: "10.1.0.1:30000".parse().expect("an address"),
        outputs: vec![
            output("10.2.0.2:4000", false),
            output("10.2.0.2:4002", false),
            output("10.2.0.2:4000", true),
            output("10.2.0.2:4002", true),
        ],
        expect: Some(("10.1.0.2:5000".parse().expect("an address"), Mismatch::Drop)),
        payload_types: vec![
            PayloadType {
                number: 8,
                clock_rate: 8000,
                media: 0,
            },
            PayloadType {
                number: 96,
                clock_rate: 48_000,
                media: 0,
            },
        ],
        ssrcs: vec![Ssrc {
            number: 0x1234_abcd,
            media: None,
        }],
        mid_extension: None,
        mids: Vec::new(),
        decrypt: None,
        rtp: true,
        rtcp: Some(Rtcp::All),
        rtp_only: true,
        pt_filter: false,
        ssrc_req: false,
        stun: true,
        dtls: false,
        non_forwarding: false,
        blackhole: false,
        rtp_stats: true,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|b| b.first_chunk());
    u32::from_ne_bytes(*four.expect("four bytes"))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes.get(at..at + 8).and_then(|b| b.first_chunk());
    u64::from_ne_bytes(*eight.expect("eight bytes"))
}

/// The commands of a stream that was added, by their numbers.
fn commands(control: &Control<Fake>) -> Vec<(u32, usize)> {
    control
        .file
        .commands
        .iter()
        .map(|c| (u32_at(c, 0), c.len()))
        .collect()
}

fn command(control: &Control<Fake>, index: usize) -> &[u8] {
    control.file.commands.get(index).expect("a command")
}

#[test]
fn a_stream_takes_its_commands_in_order() {
    let mut control = Fake::control(&[]);
    control.add_stream(&config()).expect("no refusal");
    // PIN_MEMORY, INIT, ADD_TARGET, four times ADD_DESTINATION.
    assert_eq!(
        commands(&control),
        [
            (16, 24),
            (1, 160),
            (2, 3240),
            (3, 1584),
            (3, 1584),
            (3, 1584),
            (3, 1584)
        ]
    );
}

#[test]
fn the_memory_is_pinned_whole_and_the_global_counters_lie_in_it() {
    let mut control = Fake::control(&[]);
    // An address of its own: other tests map memory in this process at the same time.
    control.pins = Some(40);
    control.add_stream(&config()).expect("no refusal");
    let pin = command(&control, 0);
    let (base, size) = (u64_at(pin, 8), u64_at(pin, 16));
    assert_eq!((base % 4096, size % 4096), (0, 0));
    assert_eq!(Some(base), address(40));
    let global = u64_at(command(&control, 1), 152);
    assert!((base..base + size).contains(&global));
}

#[test]
fn a_table_with_ranges_gets_another_address() {
    let mut control = Fake::control(&[]);
    control.pins = Some(41);
    control.add_stream(&config()).expect("no refusal");
    assert_eq!(Some(u64_at(command(&control, 0), 8)), address(41));
}

#[test]
fn the_target_is_what_was_asked_for() {
    let mut control = Fake::control(&[]);
    control.add_stream(&config()).expect("no refusal");
    let (base, size) = (
        u64_at(command(&control, 0), 8),
        u64_at(command(&control, 0), 16),
    );
    let target = command(&control, 2).get(8..).expect("a target");
    let ipv4 = |at: usize| target.get(at + 4..at + 8);
    assert_eq!((u32_at(target, 0), ipv4(0)), (2, Some(&[10, 1, 0, 1][..])));
    assert_eq!(u32_at(target, 20) & 0xffff, 30_000);
    assert_eq!(ipv4(24), Some(&[10, 1, 0, 2][..]));
    // Mismatch, outputs, and the group of media 0.
    assert_eq!((u32_at(target, 48), u32_at(target, 52)), (1, 4));
    let group: Vec<_> = (0..4).map(|i| u32_at(target, 60 + 4 * i)).collect();
    assert_eq!(group, [0, 2, 2, 4]);
    // No cipher, no HMAC.
    assert_eq!((u32_at(target, 188), u32_at(target, 192)), (1, 1));
    assert_eq!(target.get(528..532), Some(&[0x12, 0x34, 0xab, 0xcd][..]));
    assert_eq!(u32_at(target, 532), 0);
    assert_eq!(u32_at(target, 1088), 2);
    // The C module refuses a payload type without a media.
    assert_eq!((u32_at(target, 960), u32_at(target, 964)), (0, 0));
    // stun, rtp, rtp_only, rtcp_fw, rtcp_fb_fw, rtp_stats.
    let flags = [2, 3, 5, 8, 9, 14]
        .iter()
        .fold(0, |all, bit| all | (1 << bit));
    assert_eq!(u32_at(target, 3224), flags);
    let mut counters: Vec<_> = [544, 704, 712, 3208, 3216]
        .map(|at| u64_at(target, at))
        .to_vec();
    counters.sort_unstable();
    counters.dedup();
    assert_eq!(counters.len(), 5);
    assert!(counters.iter().all(|at| (base..base + size).contains(at)));
}

#[test]
fn outputs_are_numbered_and_marked() {
    let mut control = Fake::control(&[]);
    control.add_stream(&config()).expect("no refusal");
    for (index, rtcp) in [(0, false), (1, false), (2, true), (3, true)] {
        let destination = command(&control, 3 + index)
            .get(8..)
            .expect("a destination");
        assert_eq!(destination.get(4..8), Some(&[10, 1, 0, 1][..]));
        assert_eq!(u32_at(destination, 24) as usize, index);
        let output = destination.get(32..).expect("an output");
        assert_eq!(output.get(4..8), Some(&[10, 2, 0, 1][..]));
        assert_eq!(u32_at(output, 20) & 0xffff, 30_002);
        assert_eq!(output.get(28..32), Some(&[10, 2, 0, 2][..]));
        assert_eq!((u32_at(output, 52), u32_at(output, 56)), (1, 1));
        assert_eq!(u32_at(output, 1536), 0xb8 | (u32::from(rtcp) << 10));
        assert_ne!(u64_at(output, 1504), 0);
        assert_eq!(u64_at(output, 1512), 0);
    }
}

#[test]
fn without_rtcp_its_range_is_empty() {
    let mut config = config();
    config.rtcp = None;
    config.outputs.truncate(2);
    let mut control = Fake::control(&[]);
    control.add_stream(&config).expect("no refusal");
    let target = command(&control, 2).get(8..).expect("a target");
    let group: Vec<_> = (0..4).map(|i| u32_at(target, 60 + 4 * i)).collect();
    assert_eq!(group, [0, 2, 0, 0]);
}

#[test]
fn a_table_that_was_initialised_before_is_used() {
    let mut control = Fake::control(&[DONE, Errno::EBUSY]);
    control.add_stream(&config()).expect("no refusal");
    assert_eq!(commands(&control).len(), 7);
}

#[test]
fn a_refused_output_takes_the_stream_back() {
    let mut control = Fake::control(&[DONE, DONE, DONE, DONE, Errno::EACCES]);
    let failure = control.add_stream(&config()).expect_err("broadcast");
    assert_eq!(
        failure.what,
        "output 10.2.0.2:4002 was refused: it is a broadcast address; nothing was added"
    );
    let sent = commands(&control);
    assert_eq!(sent.last(), Some(&(9, 28)));
    assert_eq!(sent.len(), 6);
    let last = command(&control, 5);
    assert_eq!(last.get(8..12), Some(&[10, 1, 0, 1][..]));
}

#[test]
fn a_link_that_the_source_does_not_tell_is_a_sentence_of_its_own() {
    let mut config = config();
    config.outputs[1].flow = flow("[2001:db8::1]:9", "[fe80::7]:4002");
    let mut control = Fake::control(&[DONE, DONE, DONE, DONE, Errno::EINVAL]);
    let failure = control.add_stream(&config).expect_err("which link");
    assert!(
        failure
            .what
            .starts_with("output [fe80::7]:4002 was refused: it is a link-local address"),
        "{}",
        failure.what
    );
}

#[test]
fn a_stream_that_cannot_be_taken_back_is_told() {
    let mut control = Fake::control(&[DONE, DONE, DONE, Errno::EINVAL, Errno::EIO]);
    let failure = control.add_stream(&config()).expect_err("refused");
    assert!(failure
        .what
        .starts_with("output 10.2.0.2:4000: table 3 refused ADD_DESTINATION: "));
    assert!(failure
        .what
        .contains("the unfinished stream could not be removed"));
}

#[test]
fn refusals_have_their_codes() {
    let add = |answers: &[Errno]| {
        Fake::control(answers)
            .add_stream(&config())
            .expect_err("refused")
    };
    for (answers, code) in [
        // The generation 12.5 does not know PIN_MEMORY, 26.3 wants a longer INIT.
        (&[Errno::EINVAL][..], Code::Generation),
        (&[DONE, Errno::EMSGSIZE], Code::Generation),
        (&[DONE, Errno::ERANGE], Code::Generation),
        (&[DONE, Errno::EBUSY, Errno::ERANGE], Code::Generation),
        (&[Errno::EPERM], Code::Permission),
        (&[Errno::ENOENT], Code::NotFound),
        (&[DONE, DONE, Errno::EEXIST], Code::Exists),
        (&[DONE, DONE, Errno::EINVAL], Code::Refused),
        (&[DONE, DONE, Errno::EOPNOTSUPP], Code::Refused),
        (&[Errno::EFAULT], Code::Refused),
    ] {
        let failure = add(answers);
        assert_eq!(failure.code, code, "{answers:?}: {}", failure.what);
    }
}

#[test]
fn an_existing_stream_is_named_with_the_way_to_remove_it() {
    let failure = Fake::control(&[DONE, DONE, Errno::EEXIST])
        .add_stream(&config())
        .expect_err("exists");
    assert_eq!(
        failure.what,
        "table 3 has a stream at 10.1.0.1:30000 already"
    );
    assert_eq!(
        failure.hint.as_deref(),
        Some("`rtpctl stream del --table 3 --local 10.1.0.1:30000` removes it")
    );
}

#[test]
fn a_stream_is_removed_by_its_address() {
    let mut control = Fake::control(&[]);
    let local = "[2001:db8::1]:30000".parse().expect("an address");
    control.del_stream(local).expect("no refusal");
    assert_eq!(commands(&control), [(9, 28)]);
    let address = command(&control, 0).get(4..).expect("an address");
    assert_eq!(u32_at(address, 0), 10);
    assert_eq!(address.get(4..8), Some(&[0x20, 0x01, 0x0d, 0xb8][..]));
    assert_eq!(
        address.get(8..20),
        Some(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1][..])
    );
    assert_eq!(u32_at(address, 20), 30_000);
}

#[test]
fn removing_what_is_not_there_is_told() {
    let local = "10.1.0.1:30000".parse().expect("an address");
    let failure = Fake::control(&[Errno::ENOENT])
        .del_stream(local)
        .expect_err("not there");
    assert_eq!(failure.code, Code::NotFound);
    assert_eq!(failure.what, "table 3 has no stream at 10.1.0.1:30000");
}

/// Takes half of each command.
#[derive(Debug)]
struct Half;

impl Write for Half {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len() / 2)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_command_is_not_sent_in_pieces() {
    let local = "10.1.0.1:30000".parse().expect("an address");
    let interface = Interface {
        name: "26.0".to_owned(),
        by: By::Status,
    };
    let failure = Control::new(Half, 3, interface, None)
        .del_stream(local)
        .expect_err("half");
    assert_eq!(failure.code, Code::Refused);
}

/// The commands of a stream that a table of ours takes, by their numbers and lengths, and what was mapped for it.
fn added(name: &str) -> (Vec<(u32, usize)>, Vec<usize>) {
    let mut control = Fake::speaking(name, By::Status, &[]);
    // An address of its own.
    control.pins = Some(42);
    control.add_stream(&config()).expect("no refusal");
    let mapped = control.file.mapped.take();
    (commands(&control), mapped)
}

#[test]
fn a_table_that_a_daemon_has_begun_is_spoken_to_in_its_generation() {
    for (name, target, output) in [
        ("12.5", 752, 1288),
        ("13.5", 752, 1288),
        ("14.0", 3240, 1584),
        ("26.0", 3240, 1584),
        ("26.1", 3264, 1584),
        ("26.3", 3152, 1584),
    ] {
        let is_pinned = !matches!(name, "12.5" | "13.5");
        let mut expected = vec![(2, target)];
        expected.extend([(3, output); 4]);
        if is_pinned {
            expected.insert(0, (16, 24));
        }
        // Without INIT: the daemon sent it.
        let mapped = if is_pinned { vec![] } else { vec![1 << 16] };
        assert_eq!(added(name), (expected, mapped), "{name}");
    }
}

#[test]
fn an_empty_table_of_ours_gets_an_init() {
    let (commands, mapped) = added("none");
    assert_eq!(commands[..3], [(16, 24), (1, 160), (2, 3240)]);
    assert!(mapped.is_empty());
    // One that somebody else began with meanwhile speaks what we do not know.
    let failure = Fake::speaking("none", By::Status, &[DONE, Errno::EBUSY])
        .add_stream(&config())
        .expect_err("begun");
    assert_eq!(failure.code, Code::Busy);
    assert!(
        failure.what.ends_with("nothing was added"),
        "{}",
        failure.what
    );
}

#[test]
fn a_c_module_of_12_5_maps_memory_and_gets_an_init() {
    let mut control = Fake::speaking("12.5", By::Guess, &[]);
    control.add_stream(&config()).expect("no refusal");
    assert_eq!(control.file.mapped.take(), [1 << 16]);
    let expected = [
        (1, 152),
        (2, 752),
        (3, 1288),
        (3, 1288),
        (3, 1288),
        (3, 1288),
    ];
    assert_eq!(commands(&control), expected);
    // Four outputs, the last two of them for RTCP; RTCP is on the port of RTP.
    let target = command(&control, 1).get(8..).expect("a target");
    assert_eq!((u32_at(target, 52), u32_at(target, 56)), (4, 2));
    assert_eq!(u32_at(target, 736) & 0x81, 0x81);
    // INIT by an earlier stream.
    let mut control = Fake::speaking("12.5", By::Guess, &[Errno::EBUSY]);
    control.add_stream(&config()).expect("no refusal");
}

#[test]
fn a_generation_that_we_do_not_speak_is_told() {
    for (name, by, told) in [
        ("27.0", By::Status, "27.0"),
        ("11.5", By::Version, "11.5 (by the module's version)"),
    ] {
        let mut control = Fake::speaking(name, by, &[]);
        let failure = control.add_stream(&config()).expect_err("unknown");
        assert_eq!(failure.code, Code::Generation);
        let expected = format!("table 3 speaks {told} of the interface, which rtpctl does not");
        assert_eq!(failure.what, expected);
        assert_eq!(commands(&control), []);
    }
}

#[test]
fn what_a_generation_lacks_is_refused_before_anything_is_changed() {
    let mut config = config();
    config.mid_extension = Some(3);
    let mut control = Fake::speaking("13.5", By::Status, &[]);
    let failure = control.add_stream(&config).expect_err("no media");
    assert_eq!(failure.code, Code::Generation);
    assert_eq!(commands(&control), []);
    assert!(control.file.mapped.take().is_empty());
}

#[test]
fn a_module_that_maps_nothing_is_of_another_generation() {
    for (errno, code) in [
        (Errno::ENODEV, Code::Generation),
        (Errno::EPERM, Code::Permission),
        (Errno::ENOMEM, Code::Refused),
        (Errno::ENOENT, Code::NotFound),
    ] {
        let mut control = Fake::speaking("12.5", By::Guess, &[]);
        control.file.refuses_to_map = Some(errno);
        let failure = control.add_stream(&config()).expect_err("refused");
        assert_eq!(failure.code, code, "{errno}: {}", failure.what);
        assert_eq!(commands(&control), []);
    }
}

#[test]
fn many_streams_share_ranges_and_begin_once() {
    let mut control = Fake::speaking("none", By::Status, &[]);
    let mut bases = Vec::new();
    for _ in 0..1000 {
        control.add_stream(&config()).expect("no refusal");
        let target = control.file.commands.iter().rfind(|it| u32_at(it, 0) == 2);
        // The pointer to the target's counters.
        bases.push(target.expect("a target").clone());
    }
    let count = |number| {
        let all = control.file.commands.iter();
        all.filter(|it| u32_at(it, 0) == number).count()
    };
    assert_eq!((count(1), count(2), count(3)), (1, 1000, 4000));
    // Each range is as large as all before it, up to the largest.
    assert!(count(16) < 20, "{}", count(16));
    bases.sort();
    bases.dedup();
    assert_eq!(bases.len(), 1000);
}

#[test]
fn a_stream_is_replaced_in_place() {
    let replaced = |answers: &[Errno]| {
        let mut control = Fake::control(answers);
        let replaced = control.replace_stream(&config());
        (replaced.map_err(|it| it.what), commands(&control)[0].0)
    };
    assert_eq!(replaced(&[]), (Ok(true), 9));
    assert_eq!(replaced(&[Errno::ENOENT]), (Ok(false), 9));
    // PIN_MEMORY, INIT, ADD_TARGET.
    let (refused, _) = replaced(&[DONE, DONE, DONE, Errno::EINVAL]);
    let what = refused.expect_err("a refusal");
    assert!(
        what.ends_with("; the stream that was there is gone"),
        "{what}"
    );
}
