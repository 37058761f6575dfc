/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_TRACE_H
#define RTPE_HELPERS_TRACE_H

#include <linux/tracepoint-defs.h>
#include <linux/types.h>

struct net;

/* What a tracepoint is told: not kept. */
struct rtpe_seen {
	const struct net *net;
	bool ipv6;
	/* Addresses in network order, 4 or 16 bytes, ports in host order. */
	const u8 *source;
	const u8 *destination;
	u16 source_port;
	u16 destination_port;
	/* The reason's name, which is not terminated. */
	const char *reason;
	u32 reason_len;
	/* Length of the payload, and as much of its beginning as there is at hand. */
	u32 length;
	const u8 *head;
	u32 head_len;
};

/* Whether somebody listens. */
extern struct tracepoint __tracepoint_decision;
extern struct tracepoint __tracepoint_unsent;

void rtpe_trace_decision(const struct rtpe_seen *seen);
void rtpe_trace_unsent(const struct rtpe_seen *seen);

#endif
