// SPDX-License-Identifier: GPL-2.0-only

use super::*;

/// An NLMSG_ERROR for a sequence number, with an errno and an attribute of extended acknowledgement.
fn error(sequence: u32, code: i32, words: Option<&str>) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(2_u16.to_ne_bytes());
    body.extend(0x0300_u16.to_ne_bytes());
    body.extend(sequence.to_ne_bytes());
    body.extend(0_u32.to_ne_bytes());
    body.extend(code.to_ne_bytes());
    body.extend([0; HEADER]);
    if let Some(words) = words {
        let length = u16::try_from(words.len() + 5).expect("short");
        body.extend(length.to_ne_bytes());
        body.extend(1_u16.to_ne_bytes());
        body.extend(words.as_bytes());
        body.push(0);
        while body.len() % 4 != 0 {
            body.push(0);
        }
    }
    let length = u32::try_from(body.len() + 4).expect("short");
    [length.to_ne_bytes().to_vec(), body].concat()
}

#[test]
fn an_acknowledgement_counts_for_a_change_of_ours() {
    assert_eq!(answer(&error(1, 0, None), 2), Some(Answer::Done));
    assert_eq!(answer(&error(2, 0, None), 2), Some(Answer::Done));
    // The frame of the batch, and a query's late answer.
    assert_eq!(answer(&error(0, 0, None), 2), None);
    assert_eq!(answer(&error(3, 0, None), 2), None);
}

#[test]
fn a_refusal_names_the_change_and_the_words_of_the_kernel() {
    let refusal = |sequence, words| answer(&error(sequence, -2, words), 2);
    let expected = |op, message: Option<&str>| {
        Some(Answer::Refused(Refusal {
            op,
            errno: Errno::ENOENT,
            message: message.map(str::to_owned),
        }))
    };
    assert_eq!(refusal(2, None), expected(Some(1), None));
    assert_eq!(
        refusal(1, Some("no such thing")),
        expected(Some(0), Some("no such thing"))
    );
    assert_eq!(refusal(0, None), expected(None, None));
}

#[test]
fn the_messages_of_a_datagram_are_taken_apart() {
    let first = error(1, 0, Some("a"));
    let second = error(2, -1, None);
    let datagram = [first.clone(), second.clone()].concat();
    let found: Vec<_> = messages(&datagram).collect();
    assert_eq!(found, [&first[..], &second[..]]);
}

#[test]
fn a_broken_datagram_ends() {
    let whole = error(1, 0, None);
    for cut in 0..whole.len() {
        let part = whole.get(..cut).expect("a part");
        assert_eq!(messages(part).count(), 0, "{cut} bytes");
    }
    let mut short = whole;
    // A length below that of the header.
    if let Some(length) = short.first_mut() {
        *length = 4;
    }
    assert_eq!(messages(&short).count(), 0);
}

#[test]
fn the_echo_of_a_rule_tells_its_handle() {
    // NFT_MSG_NEWRULE of sequence 2: table, chain, handle 9.
    let echo = super::super::hex::hex(
        "30000000 060a 0000 02000000 00000000  01 00 0000
         0700 0100 616200 00
         0700 0200 636400 00
         0c00 0300 0000000000000009",
    );
    assert_eq!(answer(&echo, 2), Some(Answer::Made(9)));
    // That of somebody else.
    assert_eq!(answer(&echo, 1), None);
}
