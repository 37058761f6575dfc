# SPDX-License-Identifier: GPL-2.0-only
"""The text of `status` and `list`, character by character, and `list` while targets come and go (defect 15)."""

import os
import re
import threading

MODULE = ("rs", "c")

STATUS = """Refcount:    1
Control PID: {pid}
Targets:     3
Players:     0
PStreams:    0
Memory pins: 1
Memory:      16384
"""
# Ours has two lines more.
INTERFACE = {"rs": "Interface:   26.0\nCiphers:     ctr-aes-aesni-avx, generic-gcm-aesni-avx\n", "c": ""}

FULL = """local inet4 10.1.0.1:4000
    expect inet4 10.1.0.2:9
    src mismatch action: drop
    stats:                    0 bytes,                    0 packets,                    0 errors
        RTP payload type   0:                    0 bytes,                    0 packets   [group #1]
        RTP payload type  96:                    0 bytes,                    0 packets   [group #0]
    last packet: 0
    SSRC in: 1234abcd [seq 0/0 #2], 7 [seq 0/0]
    options: RTP PT-filter RTP-only RTCP DTLS STUN RTP-stats SSRC-tracking forward-RTCP forward-RTCP-FB extmap[5]
    output groups: [0/'audio']=(0->1/1->2) [2]=(1->2/0->0)
    output #0 (media #0)
       src inet4 10.2.0.1:5000
       dst inet4 10.2.0.2:6000
       stats:                    0 bytes,                    0 packets,                    0 errors
       SSRC out: cafe [seq 0+3/0], 0 [seq 0+0/0]
        RTP payload type   0: 2 bytes replacement payload, min payload len 20
        RTP payload type  96: blackhole
    output #1 (media #7, RTCP)
       src inet6 [fd00:2:0:0:0:0:0:1]:5001
       dst inet6 [fd00:2:0:0:0:0:0:2]:6001
       stats:                    0 bytes,                    0 packets,                    0 errors
       SSRC out: 0 [seq 0+0/0], 0 [seq 0+0/0]

"""
EMPTY = """local inet6 [fd00:1:0:0:0:0:0:1]:4001
    stats:                    0 bytes,                    0 packets,                    0 errors
    last packet: 0
    SSRC in:
    options: non-forwarding blackhole
    output groups:

"""


def run(t):
    alice, bob = t.peers("alice", "bob")
    table = t.table(0).add()
    control = table.ready()

    t.step("status and list")
    target = control.target((alice.hub4, 4000), outputs=2, pts=(0, 96), ssrcs=(0x1234_ABCD, 7), rtp=1, pt_filter=1,
                            rtp_only=1, rtcp=1, dtls=1, stun=1, rtp_stats=1, track_ssrc=1, rtcp_fw=1, rtcp_fb_fw=1,
                            extmap=1, extmap_mid=5, expected_src=(alice.v4, 9), src_mismatch=1)
    command = target.command
    command["target.media_output_idxs[0].rtp_end_idx"] = 1
    command["target.media_output_idxs[0].rtcp_start_idx"] = 1
    command["target.media_output_idxs[0].rtcp_end_idx"] = 2
    command["target.media_output_idxs[2].rtp_start_idx"] = 1
    command["target.media_output_idxs[2].rtp_end_idx"] = 2
    command["target.mid_output[0].mid"] = b"audio"
    command["target.mid_output[0].len"] = 5
    command["target.pt_media_idx"] = [1, 0]
    command["target.ssrc_media_idx"] = [2, 0xFFFF_FFFF]
    control.write(command)
    rules = {"pt_output[0].replace_pattern": b"ab", "pt_output[0].replace_pattern_len": 2,
             "pt_output[0].min_payload_len": 20, "pt_output[1].blackhole": 1, "ssrc_out[0]": (0xCAFE).to_bytes(4, "big"),
             "seq_offset[0]": 3}
    control.write(target.destination(0, (bob.hub4, 5000), (bob.v4, 6000), **rules))
    control.write(target.destination(1, (bob.hub6, 5001), (bob.v6, 6001), media_idx=7, rtcp=1))
    control.add((alice.hub6, 4001), pts=(), non_forwarding=1, blackhole=1)
    control.write(control.target((alice.hub6, 4002), outputs=3).command)
    text = table.list_text()
    for block in (FULL, EMPTY):
        t.true(f"a block of the list is\n{block}", block in text, text)
    t.true("a target whose outputs are not there says so",
           "local inet6 [fd00:1:0:0:0:0:0:1]:4002\n    outputs not fully filled (3 missing)\n" in text, text)
    t.equal("nothing more is listed", text.count("local "), 3)
    t.equal("status", (table.path / "status").read_text(), STATUS.format(pid=os.getpid()) + INTERFACE[t.module])

    if t.module != "rs":
        return
    t.step("read in small pieces, while targets come and go")
    staying = [(alice.hub4, 10_000 + 2 * n) for n in range(100)]
    command, output = target.command.copy(), target.destination(0, (bob.hub4, 5000), (bob.v4, 6000))
    command["target.num_destinations"] = 1
    command["target.media_output_idxs"] = bytes(16 * 8)

    def add(local):
        command["target.local"] = output["destination.local"] = local
        control.write(command)
        control.write(output)

    for local in staying:
        add(local)
    stop = threading.Event()
    changes = 0

    def change():
        nonlocal changes
        while not stop.is_set():
            for n in range(0, 100, 7):
                add((alice.hub4, 10_001 + 2 * n))
            for n in range(0, 100, 7):
                control.delete((alice.hub4, 10_001 + 2 * n))
            changes += 1

    thread = threading.Thread(target=change)
    thread.start()
    wanted = [f"10.1.0.1:{port}" for _, port in staying]
    try:
        for size in (100, 333, 1000, 4096, 65536):
            for _ in range(2):
                with open(table.path / "list", "rb", buffering=0) as file:
                    found = b"".join(iter(lambda: file.read(size), b"")).decode()
                listed = re.findall(r"^local inet4 (\S+)$", found, re.M)
                kept = [each for each in listed if each in set(wanted)]
                t.equal(f"in pieces of {size} bytes: each that stays, once, in order", kept, wanted)
                t.equal(f"in pieces of {size} bytes: others at most once", len(listed), len(set(listed)))
    finally:
        stop.set()
        thread.join()
    t.true("targets came and went", changes > 2, changes)
