// SPDX-License-Identifier: GPL-2.0-only

//! The rewriter of header extensions.

use rtp_media::extension::Element;
use rtp_media::extension_rewrite::{new_length, rewrite, Rule};
use rtp_media::rtp::RtpView;

use crate::input::Input;

/// Rewrites the header extension of any packet by any rule, with too little room, and with enough.
pub fn extensions(data: &[u8]) {
    let mut input = Input::new(data);
    let kept = input.word();
    let id = input.byte();
    let length = usize::from(input.byte());
    let appended = input.bytes(length);
    let append = input.bit().then_some(Element { id, data: appended });
    let room = usize::from(input.byte());
    let packet = input.rest();
    let rule = Rule {
        keep: |id: u8| id < 32 && kept & (1 << id) != 0,
        append,
    };

    let expected = new_length(packet, &rule);
    let mut buffer = packet.to_vec();
    buffer.resize(packet.len() + room, 0xee);
    match rewrite(&mut buffer, packet.len(), &rule) {
        Ok(length) => {
            assert_eq!(length, expected);
            check(packet, &buffer[..length], &rule);
            // Once is enough.
            let once = buffer.clone();
            assert_eq!(rewrite(&mut buffer, length, &rule), Ok(length));
            assert_eq!(buffer[..length], once[..length]);
        }
        Err(_) => {
            assert!(expected > buffer.len());
            assert_eq!(buffer[..packet.len()], *packet);
        }
    }
}

/// What has to be true of a rewritten packet.
fn check<F: Fn(u8) -> bool>(before: &[u8], after: &[u8], rule: &Rule<'_, F>) {
    let Some(old) = RtpView::parse(before) else {
        assert_eq!(before, after);
        return;
    };
    let new = RtpView::parse(after).expect("still RTP");
    assert_eq!(old.payload(), new.payload());
    assert_eq!(before[1..12], after[1..12]);
    assert_eq!(before[0] & !0x10, after[0] & !0x10);
    assert_eq!(
        before[12..old.extension_start()],
        after[12..new.extension_start()]
    );
    if old.extension().is_some_and(|old| old.form().is_none()) {
        assert_eq!(before, after);
        return;
    }
    let append = rule
        .append
        .filter(|element| element.id != 0 && (1..=255).contains(&element.data.len()));
    let kept = old
        .extension()
        .into_iter()
        .flat_map(|extension| extension.elements())
        .filter(|element| (rule.keep)(element.id))
        .filter(|element| append.is_none_or(|append| append.id != element.id));
    let expected: Vec<_> = kept.chain(append).collect();
    let found: Vec<_> = new
        .extension()
        .into_iter()
        .flat_map(|extension| extension.elements())
        .collect();
    assert_eq!(found, expected);
    assert_eq!(new.extension().is_some(), !expected.is_empty());
}
