// SPDX-License-Identifier: GPL-2.0-only

use super::*;

fn transcript() -> Transcript {
    let counters = [
        ("target.packets", 2),
        ("ssrc0.total_lost", 0),
        ("out0.ssrc0.bytes", 40),
    ];
    Transcript {
        packets: 2,
        overheads: vec![Some(10)],
        commands: vec![0, 0],
        passed: vec!["3000 00".to_owned()],
        sent: vec!["0 1 0 64 aa".to_owned(), "0 1 0 64 bb".to_owned()],
        dont_fragment: [0, 2],
        counters: counters
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        list: vec!["    options: RTP".to_owned()],
        ..Transcript::default()
    }
}

/// What is said of two transcripts.
fn report(c: &Transcript, ours: &Transcript) -> Report {
    let mut report = Report::default();
    compare_case(&mut report, c, ours);
    report
}

/// What is said when ours is changed and nothing is meant, or the difference of an id.
fn changed(id: Option<&str>, change: impl FnOnce(&mut Transcript)) -> Report {
    let mut c = transcript();
    c.meant.extend(id.map(str::to_owned));
    let mut ours = transcript();
    ours.meant.extend(id.map(str::to_owned));
    change(&mut ours);
    report(&c, &ours)
}

fn set(ours: &mut Transcript, counter: &str, value: u64) {
    ours.counters.insert(counter.to_owned(), value);
}

#[test]
fn the_same_agrees() {
    let report = changed(None, |_| {});
    assert_eq!(
        (report.unexplained, report.targets, report.packets),
        (0, 1, 2)
    );
}

#[test]
fn each_thing_that_differs_is_found() {
    let changes: [fn(&mut Transcript); 8] = [
        |ours| ours.commands = vec![0, 22],
        |ours| ours.passed = vec!["3000 relayed 00".to_owned()],
        |ours| ours.sent = vec!["0 1 0 64 aa".to_owned(), "0 1 0 64 bc".to_owned()],
        |ours| ours.sent.reverse(),
        |ours| ours.dont_fragment = [1, 1],
        |ours| set(ours, "target.packets", 3),
        |ours| set(ours, "target.errors", 1),
        |ours| ours.list = vec!["    options:".to_owned()],
    ];
    for (n, change) in changes.into_iter().enumerate() {
        assert_eq!(changed(None, change).unexplained, 1, "change {n}");
    }
    let other_case = changed(None, |ours| ours.about = "other".to_owned());
    assert_eq!(other_case.unexplained, 1);
}

#[test]
fn what_is_meant_is_counted_and_explains_nothing_else() {
    let report = changed(Some("loss"), |ours| set(ours, "ssrc0.total_lost", 3));
    assert_eq!(
        (report.unexplained, report.meant.get("loss")),
        (0, Some(&1))
    );
    let report = changed(Some("loss"), |ours| set(ours, "ssrc0.packets", 3));
    assert_eq!(report.unexplained, 1);
    // The C module counts 10 bytes more for each packet, no other number.
    for (packets, bytes, unexplained) in [(2, 20, 0), (2, 21, 1), (1, 20, 1)] {
        let report = changed(Some("ssrc-octets"), |ours| {
            set(ours, "out0.ssrc0.packets", packets);
            set(ours, "out0.ssrc0.bytes", bytes);
        });
        let of_packets = 1; // which differ, and are not meant to
        assert_eq!(
            report.unexplained,
            unexplained + of_packets,
            "{packets} {bytes}"
        );
    }
}

#[test]
fn datagrams_differ_as_they_are_meant_to() {
    let fewer = |ours: &mut Transcript| {
        ours.sent.pop();
    };
    let other = |ours: &mut Transcript| {
        ours.sent = vec!["0 1 0 64 cc".to_owned()];
    };
    assert_eq!(changed(Some("replay"), fewer).unexplained, 0);
    assert_eq!(changed(Some("replay"), other).unexplained, 1);
    assert_eq!(changed(Some("srtcp-tag"), fewer).unexplained, 1);
    let more = |ours: &mut Transcript| ours.sent.insert(1, "0 1 0 64 cc".to_owned());
    assert_eq!(changed(Some("feedback"), more).unexplained, 0);
    assert_eq!(changed(Some("replay"), more).unexplained, 1);
}

#[test]
fn srtp_is_listed_as_it_is_meant_to() {
    let salts = [
        ("master salt: aabb0000", 0),
        ("master salt: aabb00", 1),
        ("master salt: bbaa0000", 1),
    ];
    let mkis = [
        ("MKI: length 1, 4a:00:00...", 0),
        ("MKI: length 1, 4b:00...", 1),
    ];
    let all = salts.map(|it| (it, "master salt: aabb"));
    let all = all
        .into_iter()
        .chain(mkis.map(|it| (it, "MKI: length 1, 4a...")));
    for ((line, unexplained), own) in all {
        let (mut c, mut ours) = (transcript(), transcript());
        for each in [&mut c, &mut ours] {
            each.meant = vec!["listed-srtp".to_owned()];
        }
        c.list = vec![line.to_owned()];
        ours.list = vec![own.to_owned()];
        assert_eq!(report(&c, &ours).unexplained, unexplained, "{line}");
    }
}
