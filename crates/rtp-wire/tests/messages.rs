// SPDX-License-Identifier: GPL-2.0-only

//! Which messages are taken for what, and the general errors.

use crate::common;
use crate::common::LOCAL;
use rtp_wire::errno::{EBUSY, EFAULT, EINVAL, EIO, EMSGSIZE, ENOENT, ENXIO, ERANGE};
use rtp_wire::v26_0::{encode, layout};
use rtp_wire::{CommandNumber, Direction, Endpoint, Generation, Refusal, Request, UserPointer};
use zerocopy::{FromZeros, IntoBytes};

/// Structure sizes of generation 26.0 by command number.
const SIZES: [usize; 17] = [
    0, 160, 3240, 1584, 264, 8, 272, 12, 12, 28, 12, 8, 32, 464, 8, 8, 24,
];
/// The commands that return a value.
const READ: [u32; 4] = [4, 6, 11, 13];

fn message(number: u32, length: usize) -> Vec<u8> {
    let mut message = vec![0; length];
    message[..4].copy_from_slice(&number.to_ne_bytes());
    message
}

/// Parses for a table of generation 26.0.
fn parse(direction: Direction, message: &[u8]) -> Result<Request<'_>, Refusal> {
    rtp_wire::parse(Some(Generation::V26_0), direction, message)
}

/// Parses for a table that had no INIT.
fn parse_first(direction: Direction, message: &[u8]) -> Result<Request<'_>, Refusal> {
    rtp_wire::parse(None, direction, message)
}

/// The error.
fn errno_after(direction: Direction, message: &[u8]) -> i32 {
    parse(direction, message).err().unwrap().errno()
}

/// The error, which is the same before INIT and after it.
fn errno(direction: Direction, message: &[u8]) -> i32 {
    let refusal = parse(direction, message).err().unwrap();
    assert_eq!(parse_first(direction, message).err(), Some(refusal));
    refusal.errno()
}

fn direction(number: u32) -> Direction {
    if READ.contains(&number) {
        Direction::Read
    } else {
        Direction::Write
    }
}

#[test]
fn sizes_are_those_of_the_layout() {
    for number in 1..=16 {
        let command = CommandNumber::from_wire(number).unwrap();
        assert_eq!(
            Generation::V26_0.command_size(command),
            Some(SIZES[number as usize]),
            "{command}"
        );
        assert_eq!(command.direction(), direction(number), "{command}");
    }
    assert_eq!(
        Generation::V26_0.command_size(CommandNumber::RingBuffer),
        None
    );
    assert_eq!(CommandNumber::from_wire(0), None);
    assert_eq!(CommandNumber::from_wire(18), None);
}

#[test]
fn less_than_a_number_is_eio() {
    for length in 0..4 {
        assert_eq!(errno(Direction::Write, &vec![1; length]), EIO);
        assert_eq!(errno(Direction::Read, &vec![1; length]), EIO);
    }
}

#[test]
fn unknown_numbers_are_einval() {
    for number in [0, 18, 255, 0x0100_0000, u32::MAX] {
        for length in [4, 160, 4000] {
            assert_eq!(errno(Direction::Write, &message(number, length)), EINVAL);
        }
    }
    // Of another generation.
    assert_eq!(errno_after(Direction::Write, &message(17, 136)), EINVAL);
}

#[test]
fn lengths_are_checked() {
    for number in 1..=16 {
        let size = SIZES[number as usize];
        let way = direction(number);
        let (short, long) = (size - 1, size + 1);
        assert_eq!(
            errno_after(way, &message(number, short)),
            EMSGSIZE,
            "{number}"
        );
        if number == 8 || number == 12 {
            for more in [1, 1000, 65_535] {
                assert!(parse(way, &message(number, size + more)).is_ok());
            }
            assert_eq!(errno(way, &message(number, size + 65_536)), ERANGE);
        } else {
            assert_eq!(errno_after(way, &message(number, long)), ERANGE, "{number}");
        }
    }
}

#[test]
fn before_init_lengths_are_those_of_any_generation() {
    let before = |number, length| parse_first(direction(number), &message(number, length)).err();
    let errno = |number, length| before(number, length).map(|refusal| refusal.errno());
    for (number, shortest, longest) in [
        (1, 152, 168),
        (2, 752, 3264),
        (3, 1288, 1584),
        (13, 456, 464),
    ] {
        assert_eq!(errno(number, shortest - 1), Some(EMSGSIZE));
        assert_eq!(errno(number, longest + 1), Some(ERANGE));
    }
    for length in [752, 3152, 3240, 3264] {
        assert_eq!(
            before(2, length),
            Some(Refusal::NotInitialised(CommandNumber::AddTarget))
        );
    }
    for (number, size) in [(10, 12), (16, 24), (17, 136)] {
        assert_eq!(errno(number, size - 1), Some(EMSGSIZE));
        assert_eq!(errno(number, size + 1), Some(ERANGE));
    }
}

#[test]
fn the_wrong_direction_is_einval() {
    for number in 1..=16 {
        let wrong = match direction(number) {
            Direction::Read => Direction::Write,
            Direction::Write => Direction::Read,
        };
        let message = message(number, SIZES[number as usize]);
        assert!(matches!(
            parse(wrong, &message),
            Err(Refusal::Direction { sent, .. }) if sent == wrong
        ));
        assert_eq!(errno(wrong, &message), EINVAL);
    }
}

#[test]
fn length_comes_before_direction() {
    assert_eq!(errno(Direction::Write, &message(4, 263)), EMSGSIZE);
    assert_eq!(errno(Direction::Write, &message(4, 265)), ERANGE);
}

#[test]
fn commands_not_decoded_are_named() {
    for number in [4, 5, 6, 7, 8, 11, 12, 13, 14, 15] {
        let message = message(number, SIZES[number as usize]);
        match parse(direction(number), &message) {
            Ok(Request::Unsupported(command)) => {
                assert_eq!(CommandNumber::from_wire(number), Some(command));
            }
            _ => panic!("{number}"),
        }
    }
}

fn negotiate(message: &layout::CommandInit) -> Result<UserPointer, Refusal> {
    match parse_first(Direction::Write, message.as_bytes())? {
        Request::Init(init) => {
            assert_eq!(init.generation(0), Generation::V26_0);
            Ok(init.global)
        }
        _ => panic!("another request"),
    }
}

#[test]
fn init_comes_once() {
    let message = encode::init(UserPointer(0x1000));
    let refusal = parse(Direction::Write, message.as_bytes()).err().unwrap();
    assert_eq!(refusal, Refusal::AlreadyInitialised);
    assert_eq!(refusal.errno(), EBUSY);
    // Of whatever layout, since it is the table that is taken.
    let mut foreign = message;
    foreign.init.last_cmd.set(18);
    let refusal = parse(Direction::Write, foreign.as_bytes()).err().unwrap();
    assert_eq!(refusal, Refusal::AlreadyInitialised);
}

#[test]
fn targets_come_after_init() {
    for (message, errno) in [
        (common::add_target().as_bytes(), EIO),
        (common::add_destination().as_bytes(), ENOENT),
    ] {
        let refusal = parse_first(Direction::Write, message).err().unwrap();
        assert!(matches!(refusal, Refusal::NotInitialised(_)));
        assert_eq!(refusal.errno(), errno);
    }
}

#[test]
fn what_all_generations_share_may_come_before_init() {
    for message in [
        encode::pin_memory(0x1000, 4096).as_bytes(),
        encode::del_target(&LOCAL).as_bytes(),
        &message(10, 12),
    ] {
        for generation in [None, Some(Generation::V26_0)] {
            match rtp_wire::parse(generation, Direction::Write, message) {
                Ok(Request::PinMemory { address, size }) => {
                    assert_eq!((address, size), (0x1000, 4096));
                }
                Ok(Request::DelTarget(local)) => assert_eq!(local, LOCAL),
                Ok(Request::InitPlayStreams) => {}
                _ => panic!("refused"),
            }
        }
    }
}

#[test]
fn init_is_negotiated() {
    let message = encode::init(UserPointer(0x1000));
    assert_eq!(negotiate(&message), Ok(UserPointer(0x1000)));
    assert_eq!(message.init.last_cmd.get(), 17);
    let sizes = message.init.msg_size.map(|size| size.get() as usize);
    assert_eq!(sizes, SIZES);
}

#[test]
fn init_of_a_foreign_layout_is_refused() {
    for last in [0, 15, 19, -1, i32::MAX, i32::MIN] {
        let mut message = encode::init(UserPointer(0x1000));
        message.init.last_cmd.set(last);
        assert_eq!(negotiate(&message).unwrap_err().errno(), ERANGE);
    }
    // Those of other generations have another length.
    for (last, errno) in [(16, ERANGE), (18, EMSGSIZE)] {
        let mut message = encode::init(UserPointer(0x1000));
        message.init.last_cmd.set(last);
        assert_eq!(negotiate(&message).unwrap_err().errno(), errno);
    }
    for number in 1..17 {
        for change in [1, u64::MAX] {
            let mut message = encode::init(UserPointer(0x1000));
            let size = &mut message.init.msg_size[number];
            size.set(size.get().wrapping_add(change));
            let refusal = negotiate(&message).unwrap_err();
            assert_eq!(refusal.errno(), EMSGSIZE);
            assert!(
                matches!(refusal, Refusal::CommandSize { number: n, .. } if n as usize == number)
            );
        }
    }
}

#[test]
fn the_size_of_no_command_does_not_count() {
    let mut message = encode::init(UserPointer(0x1000));
    message.init.msg_size[0].set(99);
    assert_eq!(negotiate(&message), Ok(UserPointer(0x1000)));
}

#[test]
fn init_needs_the_global_counters() {
    for pointer in [0, 0x1001, 0x1004] {
        let refusal = negotiate(&encode::init(UserPointer(pointer))).unwrap_err();
        assert_eq!(refusal.errno(), EFAULT);
    }
}

fn pin(address: u64, size: u64) -> Result<(u64, u64), i32> {
    match parse(
        Direction::Write,
        encode::pin_memory(address, size).as_bytes(),
    ) {
        Ok(Request::PinMemory { address, size }) => Ok((address, size)),
        Ok(_) => panic!("another request"),
        Err(refusal) => Err(refusal.errno()),
    }
}

#[test]
fn pinned_memory_is_whole_pages() {
    assert_eq!(pin(0x7f00_0000_0000, 8192), Ok((0x7f00_0000_0000, 8192)));
    assert_eq!(pin(0x1000, 0), Err(EINVAL));
    assert_eq!(pin(0x1001, 0), Err(EINVAL));
    assert_eq!(pin(0x1000, 1), Err(EIO));
    assert_eq!(pin(0x1001, 4095), Err(EIO));
    assert_eq!(pin(0x1008, 4096), Err(ENXIO));
    assert_eq!(pin(0x1000, u64::MAX - 4095), Err(EFAULT));
    assert_eq!(pin(u64::MAX - 4095, 4096), Err(EFAULT));
}

fn del_target(local: &Endpoint) -> Result<Endpoint, i32> {
    removed(&encode::del_target(local))
}

fn removed(message: &layout::CommandDelTarget) -> Result<Endpoint, i32> {
    match parse(Direction::Write, message.as_bytes()) {
        Ok(Request::DelTarget(local)) => Ok(local),
        Ok(_) => panic!("another request"),
        Err(refusal) => Err(refusal.errno()),
    }
}

#[test]
fn targets_are_removed_by_address() {
    let v6 = Endpoint::v6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 1);
    assert_eq!(del_target(&LOCAL), Ok(LOCAL));
    assert_eq!(del_target(&v6), Ok(v6));
    let mut none = encode::del_target(&LOCAL);
    none.local.family.set(0);
    assert_eq!(removed(&none), Err(ENOENT));
    assert_eq!(del_target(&Endpoint::v4([0; 4], 1)), Err(ENOENT));
    assert_eq!(del_target(&Endpoint::v4([1; 4], 0)), Err(ENOENT));
}

#[test]
fn bytes_behind_an_ipv4_address_do_not_count() {
    let mut message = encode::del_target(&LOCAL);
    message.local.addr[4..].fill(0xff);
    message.local.pad = [0xff; 2];
    match parse(Direction::Write, message.as_bytes()) {
        Ok(Request::DelTarget(local)) => {
            assert_eq!(local, LOCAL);
            assert_eq!(local.as_bytes(), LOCAL.as_bytes());
        }
        _ => panic!("refused"),
    }
}

#[test]
fn messages_may_lie_at_any_address() {
    let message = common::add_target();
    let mut room = vec![0u8; message.as_bytes().len() + 8];
    for offset in 0..8 {
        let place = &mut room[offset..offset + message.as_bytes().len()];
        place.copy_from_slice(message.as_bytes());
        let mut target = rtp_wire::Target::new_zeroed();
        match parse(Direction::Write, place) {
            Ok(Request::AddTarget(encoded)) => encoded.decode(&mut target).unwrap(),
            _ => panic!("refused"),
        }
        assert_eq!(target.local, LOCAL);
    }
}
