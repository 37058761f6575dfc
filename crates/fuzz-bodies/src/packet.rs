// SPDX-License-Identifier: GPL-2.0-only

//! The way of a packet: decided on, opened, decided on again, rewritten, protected.

use std::collections::HashSet;

use host_crypto::outbound::{Indices, KeyUse};
use host_crypto::{HostCrypto, Inbound};
use rtp_media::decide::{decide, Plan, Rtp};
use rtp_media::extension::Element;
use rtp_media::extension_rewrite::{self, Rule};
use rtp_media::rewrite::{header, payload, PayloadRule};
use rtp_media::rtp::RtpView;
use rtp_media::rules::{Rules, SourceRule};
use rtp_media::select::{PayloadTypes, SsrcEntry, Ssrcs};
use rtp_media::srtp::index::{Received, Stream};
use rtp_media::srtp::{Context, Opened};
use rtp_wire::RtcpKind;
use udp_ip::Endpoint;

use crate::input::Input;

const PEER: Endpoint = Endpoint::v4([0; 4], 7);
const ROOM: usize = 600;

/// Relays any datagrams through a target with any rules, one after the other.
pub fn packet(data: &[u8]) {
    let mut input = Input::new(data);
    let rules = rules(&mut input);
    let (suite_in, suite_out) = (input.suite(), input.suite());
    let context = |suite: &host_crypto::suites::Suite, mki_len| {
        Context::<HostCrypto>::new(&suite.policy(mki_len)).expect("a suite")
    };
    let (mki_in, mki_out) = ([7; 3], [8; 2]);
    let window = u32::from(input.byte()) * 8;
    let how = input.byte();
    let mut indices = Indices::new(usize::from(how % 16) + 1);
    // Some SSRCs are listed, as bytes of the input choose them.
    let listed = [1, 2, 3, 4];
    let listed = listed.get(..usize::from(how / 16) % 5).unwrap_or(&[]);
    let key = indices.begin(input.word().into(), 0, listed);
    let mut target = Target {
        rules,
        inbound: Inbound::new(context(suite_in, 3), window),
        encrypt: context(suite_out, 2),
        mki: mki_out,
        indices,
        key,
        sent: HashSet::new(),
    };

    for _ in 0..8 {
        if input.is_empty() {
            break;
        }
        let how = input.byte();
        let output = output(&mut input);
        let highest = (how & 1 != 0).then(|| input.word());
        let length = usize::from(input.short()) % 400;
        let mut datagram = input.bytes(length).to_vec();
        if how & 2 != 0 {
            protect_as_the_peer(&target.inbound.context, &mut datagram, &mki_in, highest);
            input.flip(&mut datagram);
        }

        let arrived = datagram.clone();
        let Some((plan, opened)) = target.receive(&mut datagram, highest) else {
            assert_eq!(datagram, arrived, "it goes on as it came");
            continue;
        };
        datagram.truncate(opened.map_or(datagram.len(), |opened| opened.end));
        target.send(&plan, datagram, &output);
    }
}

struct Target {
    rules: Rules,
    inbound: Inbound<HostCrypto>,
    encrypt: Context<HostCrypto>,
    mki: [u8; 2],
    indices: Indices,
    key: KeyUse,
    /// SSRCs and indices of RTP that was sent.
    sent: HashSet<(u32, u32)>,
}

/// What becomes of a packet before it is sent.
struct Output<'a> {
    kept: u32,
    append: Option<Element<'a>>,
    payload: PayloadRule<'a>,
    seq_offset: u16,
    ssrc: Option<u32>,
}

fn rules(input: &mut Input<'_>) -> Rules {
    let flags = input.short();
    let flag = |bit: u32| flags & (1 << bit) != 0;
    let mut payload_types = PayloadTypes::EMPTY;
    let mut number = 0u8;
    for _ in 0..input.byte() % 5 {
        number = number.wrapping_add(input.byte() % 64);
        payload_types.push(number & 0x7f, Some(number % 8));
    }
    let mut ssrcs = Ssrcs::default();
    let choice = input.byte();
    for entry in ssrcs.0.iter_mut().take(usize::from(choice % 5)) {
        let ssrc = u32::from(input.byte());
        *entry = Some(SsrcEntry { ssrc, media: None });
    }
    Rules {
        stun: flag(0),
        dtls: flag(1),
        rtp: !flag(2),
        rtcp: match (choice / 5) % 8 {
            6 => RtcpKind::Nothing,
            7 => RtcpKind::Everything,
            _ => RtcpKind::SecondByte,
        },
        unserved: choice / 5 == 8,
        rtp_only: flag(3),
        rtcp_fw: flag(4),
        rtcp_fb_fw: flag(5),
        non_forwarding: flag(6) && flag(7),
        blackhole: flag(8),
        intercept: flag(9),
        pt_filter: flag(10),
        ssrc_req: flag(11),
        rtp_stats: flag(12),
        mid_extension: (flags >> 13) as u8,
        source: SourceRule::Any,
        ssrcs,
        payload_types,
    }
}

fn output<'a>(input: &mut Input<'a>) -> Output<'a> {
    let flags = input.byte();
    let mut output = Output {
        kept: u32::MAX,
        append: None,
        payload: PayloadRule::default(),
        seq_offset: 0,
        ssrc: None,
    };
    if flags & 1 != 0 {
        output.kept = input.word();
    }
    if flags & 2 != 0 {
        let (id, length) = (input.byte(), input.byte());
        let data = input.bytes(length.into());
        output.append = Some(Element { id, data });
    }
    if flags & 4 != 0 {
        let length = usize::from(input.byte()) % 17;
        output.payload = PayloadRule {
            blackhole: flags & 0x40 != 0,
            min_payload_len: u32::from(input.byte()) % 8,
            pattern: input.bytes(length),
        };
    }
    if flags & 8 != 0 {
        output.seq_offset = input.short();
    }
    if flags & 16 != 0 {
        output.ssrc = Some(input.word());
    }
    output
}

/// What an honest peer sends.
fn protect_as_the_peer(
    context: &Context<HostCrypto>,
    datagram: &mut Vec<u8>,
    mki: &[u8],
    highest: Option<u32>,
) {
    let length = datagram.len();
    let Some(rtp) = RtpView::parse(datagram) else {
        return;
    };
    let index = highest.unwrap_or(0) & 0xffff_0000 | u32::from(rtp.sequence());
    let start = rtp.payload_start();
    let is_rtcp = rtp_media::demux::is_rtcp(datagram);
    datagram.resize(length + ROOM, 0xee);
    let end = if is_rtcp {
        context.protect_rtcp(datagram, length, index, mki)
    } else {
        context.protect_rtp(datagram, length, start, index, mki)
    };
    datagram.truncate(end.expect("there is room"));
}

impl Target {
    /// None when the datagram is not relayed.
    fn receive(
        &mut self,
        datagram: &mut [u8],
        highest: Option<u32>,
    ) -> Option<(Plan, Option<Opened>)> {
        let media_of_mid = |mid: &[u8]| mid.first().map(|byte| byte % 8);
        let plan = decide(&self.rules, &PEER, datagram, media_of_mid).ok()?;
        let opened = match &plan {
            Plan::Rtp(rtp) => {
                assert!(rtp.media < 8);
                let (ssrc, sequence) = (rtp.ssrc, rtp.sequence);
                let start = rtp.payload_start;
                let opened = self
                    .inbound
                    .open_rtp(datagram, start, ssrc, sequence, highest)
                    .ok()?;
                assert!((start..=datagram.len()).contains(&opened.end));
                assert_eq!(opened.index as u16, sequence);
                if rtp.confirm(&self.rules).is_err() {
                    let context = &self.inbound.context;
                    context.restore_rtp(datagram, start, &opened).unwrap();
                    return None;
                }
                Some(opened)
            }
            Plan::Rtcp(rtcp) => {
                let opened = self.inbound.open_rtcp(datagram, rtcp.ssrc).ok()?;
                let plain = &datagram[..opened.end];
                let Ok(clear) = rtcp.confirm(&self.rules, plain, |media| media < 4) else {
                    self.inbound
                        .context
                        .restore_rtcp(datagram, &opened)
                        .unwrap();
                    return None;
                };
                assert!(clear.media < 4);
                Some(opened)
            }
            Plan::Opaque => None,
        };
        Some((plan, opened))
    }

    fn send(&mut self, plan: &Plan, plain: Vec<u8>, output: &Output<'_>) {
        let mut buffer = plain;
        let length = buffer.len();
        buffer.resize(length + ROOM, 0xee);
        match plan {
            Plan::Rtp(rtp) => self.send_rtp(rtp, buffer, length, output),
            Plan::Rtcp(_) => self.send_rtcp(buffer, length),
            Plan::Opaque => (),
        }
    }

    fn send_rtp(&mut self, rtp: &Rtp, mut buffer: Vec<u8>, length: usize, output: &Output<'_>) {
        let rule = Rule {
            keep: |id: u8| output.kept & 1u32.checked_shl(id.into()).unwrap_or(0) != 0,
            append: output.append,
        };
        let length = extension_rewrite::rewrite(&mut buffer, length, &rule).expect("room enough");
        let view = RtpView::parse(&buffer[..length]).expect("it stays RTP");
        let start = view.payload_start();
        assert_eq!(view.ssrc(), rtp.ssrc);
        if !payload(&output.payload, &mut buffer[start..length]) {
            return;
        }
        header(&mut buffer, rtp.sequence, output.seq_offset, output.ssrc);
        let view = RtpView::parse(&buffer[..length]).expect("it stays RTP");
        let (ssrc, sequence) = (view.ssrc(), view.sequence());
        assert_eq!(sequence, rtp.sequence.wrapping_add(output.seq_offset));
        assert_eq!(ssrc, output.ssrc.unwrap_or(rtp.ssrc));

        let Ok(index) = self.indices.next_rtp(&self.key, ssrc, sequence, 0) else {
            return;
        };
        assert!(self.sent.insert((ssrc, index)), "no index is sent twice");
        let plain = buffer[..length].to_vec();
        let end = self
            .encrypt
            .protect_rtp(&mut buffer, length, start, index, &self.mki)
            .expect("room enough");
        assert_eq!(end, length + self.encrypt.rtp_overhead());
        let mut protected = buffer[..end].to_vec();
        let guesses = far_end().guesses(ssrc, sequence, Some(index));
        let opened = self
            .encrypt
            .open_rtp(&mut protected, start, guesses, |found| {
                far_end().admit(ssrc, found, Some(index))
            })
            .expect("the far end takes it");
        assert_eq!(
            (opened.index, &protected[..opened.end]),
            (index, &plain[..])
        );
    }

    fn send_rtcp(&mut self, mut buffer: Vec<u8>, length: usize) {
        let index = self
            .indices
            .next_rtcp(&self.key, None)
            .expect("some are left");
        let plain = buffer[..length].to_vec();
        let end = self
            .encrypt
            .protect_rtcp(&mut buffer, length, index, &self.mki)
            .expect("room enough");
        assert_eq!(end, length + self.encrypt.rtcp_overhead());
        let opened = self
            .encrypt
            .open_rtcp(&mut buffer[..end], |index| far_end().admit(0, index, None))
            .expect("the far end takes it");
        assert_eq!((opened.index, &buffer[..opened.end]), (index, &plain[..]));
    }
}

/// One that has received nothing.
fn far_end() -> Received<Vec<Stream>> {
    Received::new(vec![Stream::EMPTY], 64)
}
