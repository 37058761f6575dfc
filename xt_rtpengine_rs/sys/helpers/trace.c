// SPDX-License-Identifier: GPL-2.0-only
/* Tracepoints: rtpengine:decision and rtpengine:unsent. */

#include "../bindings.h"

/*
 * Fills the room of a `struct sockaddr_in6` with an address of either family, for %pIS. A kernel without tracepoints has no
 * use for it.
 */
static void __maybe_unused rtpe_trace_address(u8 *room, bool ipv6, const u8 *address, u16 port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };

	memset(room, 0, sizeof(v6));
	if (ipv6) {
		memcpy(&v6.sin6_addr, address, sizeof(v6.sin6_addr));
		memcpy(room, &v6, sizeof(v6));
	} else {
		memcpy(&v4.sin_addr, address, sizeof(v4.sin_addr));
		memcpy(room, &v4, sizeof(v4));
	}
}

#define CREATE_TRACE_POINTS
#include "tracepoints.h"

void rtpe_trace_decision(const struct rtpe_seen *seen)
{
	trace_decision(seen);
}

void rtpe_trace_unsent(const struct rtpe_seen *seen)
{
	trace_unsent(seen);
}
