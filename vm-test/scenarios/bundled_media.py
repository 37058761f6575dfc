# SPDX-License-Identifier: GPL-2.0-only
"""Audio and video that a browser bundles on one port are told apart by MID in the kernel, go to two ports, and back."""

import time

from guest import daemon as ng
from guest import rtp
from guest.phone import FIRST, Kernel, Phone, agree, complaints
from guest.webrtc import DTLS_SERVER, TO_BROWSER, TO_PHONE, Browser, vp8, vp8_frame

MODULE = "rs"
TIMEOUT = 120
COUNT = 100
VP8 = 97


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon, browser, phones = call(t, alice, bob)
    t.equal("ports that the other side sends to", len({phone.to for phone in phones.values()}), 2)
    frames = {"audio": [f"frame {n:4}".encode().ljust(160, b".") for n in range(FIRST + COUNT)], "video": vp8(FIRST + COUNT)}

    exchange(t, "the first packets", browser, phones, {kind: each[:FIRST] for kind, each in frames.items()}, sorted)
    kernel.settled(daemon, browser.to, *(phone.to for phone in phones.values()))
    # A stream whose SSRC is new to the target counted as an error so far.
    up, errors = kernel.passed_up("rtp"), kernel.target(browser.to).stats["errors"]
    exchange(t, f"{COUNT} packets of each", browser, phones, {kind: each[FIRST:] for kind, each in frames.items()})
    t.equal("RTP packets that userspace saw", kernel.passed_up("rtp") - up, 0)

    target = kernel.target(browser.to)
    t.equal("packets of the bundle's target by payload type", {pt: each["packets"] for pt, each in target.pts.items()},
            {0: FIRST + COUNT, VP8: FIRST + COUNT})
    t.equal("where the bundle goes", {each.dst for each in target.outputs if not each.rtcp},
            {"{}:{}".format(*phone.rtp.address) for phone in phones.values()})
    t.true("the target reads header extensions", any("extmap" in each for each in target.options), target.lines)
    for kind, phone in phones.items():
        back = kernel.target(phone.to)
        t.equal(f"packets and errors of the {kind} target", (back.stats["packets"], back.stats["errors"]), (FIRST + COUNT, 0))
        t.equal(f"MID of the {kind} that the browser received", browser.mids[kind], {browser.mid(kind)})
        t.between(f"{kind} frames that the browser decoded", browser.frames[kind], COUNT, FIRST + COUNT)
    t.equal("errors of the bundle's target since", target.stats["errors"] - errors, 0)
    agree(daemon, kernel, "bundle", ("browser", 0, browser.to), ("phones", 0, phones["audio"].to),
          ("phones", 1, phones["video"].to))
    t.equal("complaints in the daemon's log", complaints(daemon.log()), [])
    browser.close()


def call(t, alice, bob):
    """A daemon, a browser and two telephones, connected."""
    daemon = t.daemon(f"pub4/{alice.hub4}")
    browser = Browser(alice, "audio", "video")
    phones = {"audio": Phone(bob, 0xCA22), "video": Phone(bob, 0xCA33, pts=(VP8,), attributes=[f"a=rtpmap:{VP8} VP8/90000"])}

    t.step("a browser offers a bundle, the other side has two ports")
    common = {"call_id": "bundle", "from_tag": "browser", "flags": ["trust-address"]}
    offered = str(daemon.ng("offer", sdp=browser.offer(), bundle=["accept"], **common, **TO_PHONE, **DTLS_SERVER)["sdp"])
    answer = join(phone.answer(section) for phone, section in zip(phones.values(), ng.sections(offered)))
    browser.accept(str(daemon.ng("answer", sdp=answer, to_tag="phones", **common, **TO_BROWSER)["sdp"]))
    browser.connected()
    return daemon, browser, phones


def join(descriptions):
    """One session description of several, audio and video."""
    first, second = descriptions
    return first + "m=video" + second.partition("m=audio")[2]


def exchange(t, what, browser, phones, frames, order=list):
    """Everything is sent both ways at once; each side gets its own media, unchanged, in the order of `order`."""
    before = {kind: len(browser.received[kind]) for kind in frames}
    # VP8 in RTP has a descriptor before the frame: the first byte of the shortest one says that a partition starts.
    packets = {kind: [rtp.packet(phone.next + n, (160, 3000)[kind == "video"] * (phone.next + n), phone.ssrc, phone.pts[0],
                                 b"\x10" * (kind == "video") + frame, marker=kind == "video")
                      for n, frame in enumerate(frames[kind])]
               for kind, phone in phones.items()}
    for kind, each in frames.items():
        browser.send(kind, each)
        phones[kind].next += len(each)
    for both in zip(*packets.values()):
        for phone, packet in zip(phones.values(), both):
            phone.rtp.send(packet, phone.to)
        time.sleep(0.003)
    for kind, phone in phones.items():
        arrived = []
        while len(arrived) < len(frames[kind]) and (datagram := phone.rtp.recv(10)):
            arrived.append(rtp.parse(datagram.data))
        frame = vp8_frame if kind == "video" else bytes
        t.equal(f"{what}: {kind} at the other side", order(frame(each.payload) for each in arrived), order(frames[kind]))
        t.equal(f"{what}: its payload types", {each.pt for each in arrived}, set(phone.pts))
        t.eventually(f"{what}: {kind} at the browser", lambda: order(browser.received[kind][before[kind]:]),
                     order(rtp.parse(each).payload for each in packets[kind]))
