# SPDX-License-Identifier: GPL-2.0-only
"""A WebRTC browser (aiortc) calls a telephone, and another browser, through the daemon's ICE and DTLS-SRTP, in the kernel."""

import time

from guest import rtp
from guest.phone import FIRST, Conversation, Kernel, Phone, agree, complaints
from guest.webrtc import DTLS_SERVER, TO_BROWSER, TO_PHONE, Browser

MODULE = "rs"
RELEASE = ("26.0", "12.5")
TIMEOUT = 120
COUNT = 100
BETWEEN_BROWSERS = 50


def run(t):
    alice, bob = t.peers("alice", "bob")
    kernel = Kernel(t.table(0))
    daemon = t.daemon(f"pub4/{alice.hub4}")

    t.step("a browser calls a telephone")
    browser, phone = Browser(alice), Phone(bob, 0xCA22)
    call = Conversation(daemon, kernel, "web to phone", browser, phone, offer=TO_PHONE | DTLS_SERVER, answer=TO_BROWSER)
    browser.connected()
    t.note(f"DTLS agreed on {browser.profile()}")
    sent = {"browser": 0, "phone": 0}

    def both(what, count, order=list):
        frames = [f"{what} {n:4}".encode().ljust(160, b".") for n in range(count)]
        packets = phone.packets(count)
        before = len(browser.received["audio"])
        browser.send("audio", frames)
        for packet in packets:
            phone.rtp.send(packet, phone.to)
            time.sleep(0.002)
        arrived = []
        while len(arrived) < count and (datagram := phone.rtp.recv()):
            arrived.append(datagram)
        t.equal(f"{what}: payloads at the telephone", order(rtp.parse(each.data).payload for each in arrived), frames)
        t.equal(f"{what}: their sources", {each.source for each in arrived}, {phone.to})
        t.eventually(f"{what}: payloads at the browser", lambda: order(browser.received["audio"][before:]),
                     [rtp.parse(each).payload for each in packets], 20)
        for name in sent:
            sent[name] += count

    both("first", FIRST, sorted)
    kernel.settled(daemon, browser.to, phone.to)
    up = kernel.passed_up("rtp")
    both("talk", COUNT)
    t.equal("RTP packets that userspace saw", kernel.passed_up("rtp") - up, 0)
    for name, side in (("browser", browser), ("phone", phone)):
        target = kernel.target(side.to)
        t.equal(f"RTP packets of the {name} that were counted", target.pts[0]["packets"], sent[name])
        t.equal(f"errors of the {name}'s target", target.stats["errors"], 0)
    t.true("the browser's target decrypts and looks for DTLS and STUN",
           {"DTLS", "STUN"} <= set(kernel.target(browser.to).options), kernel.target(browser.to).lines)
    t.between("frames that the browser decoded", browser.frames["audio"], COUNT, COUNT + FIRST)
    agree(daemon, kernel, "web to phone", ("caller", 0, browser.to), ("callee", 0, phone.to))
    browser.close()
    daemon.ng("delete", call_id="web to phone", from_tag="caller", delete_delay=0)

    t.step("a browser calls a browser")
    browsers = Browser(alice), Browser(bob)
    Conversation(daemon, kernel, "web to web", *browsers, offer=TO_BROWSER | DTLS_SERVER, answer=TO_BROWSER)
    for each in browsers:
        each.connected()

    def chat(what, count):
        frames = [[f"{what} {side} {n:4}".encode().ljust(160, b".") for n in range(count)] for side in range(2)]
        before = [len(each.received["audio"]) for each in browsers]
        for each, own in zip(browsers, frames):
            each.send("audio", own)
        for each, start, other in zip(browsers, before, reversed(frames)):
            t.eventually(f"{what}: payloads at the other browser", lambda: sorted(each.received["audio"][start:]), other, 20)

    chat("first", FIRST)
    kernel.settled(daemon, *(each.to for each in browsers))
    before, up = [kernel.target(each.to) for each in browsers], kernel.passed_up("rtp")
    chat("talk", BETWEEN_BROWSERS)
    t.equal("RTP packets that userspace saw", kernel.passed_up("rtp") - up, 0)
    for each, then in zip(browsers, before):
        now = kernel.target(each.to)
        t.equal("RTP packets and errors that the kernel counted",
                (now.pts[0]["packets"] - then.pts[0]["packets"], now.stats["errors"] - then.stats["errors"]),
                (BETWEEN_BROWSERS, 0))
        each.close()
    t.equal("complaints in the daemon's log", complaints(daemon.log()), [])
