/* SPDX-License-Identifier: GPL-2.0-only */
/* The tracepoints, in the form that the kernel's macros read several times. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM rtpengine

#if !defined(RTPE_HELPERS_TRACEPOINTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define RTPE_HELPERS_TRACEPOINTS_H

#include <linux/tracepoint.h>

#include "trace.h"

DECLARE_EVENT_CLASS(rtpe_packet,
	TP_PROTO(const struct rtpe_seen *seen),
	TP_ARGS(seen),
	TP_STRUCT__entry(
		__array(char, reason, 20)
		__field(u32, netns)
		__array(u8, source, sizeof(struct sockaddr_in6))
		__array(u8, destination, sizeof(struct sockaddr_in6))
		__field(u16, sport)
		__field(u16, dport)
		__field(u32, length)
		__array(u8, head, 12)
		__field(u8, head_len)
	),
	TP_fast_assign(
		memset(__entry->reason, 0, sizeof(__entry->reason));
		memcpy(__entry->reason, seen->reason, min_t(size_t, seen->reason_len, sizeof(__entry->reason) - 1));
		__entry->netns = seen->net->ns.inum;
		rtpe_trace_address(__entry->source, seen->ipv6, seen->source, seen->source_port);
		rtpe_trace_address(__entry->destination, seen->ipv6, seen->destination, seen->destination_port);
		__entry->sport = seen->source_port;
		__entry->dport = seen->destination_port;
		__entry->length = seen->length;
		memset(__entry->head, 0, sizeof(__entry->head));
		__entry->head_len = min_t(size_t, seen->head_len, sizeof(__entry->head));
		memcpy(__entry->head, seen->head, __entry->head_len);
	),
	TP_printk("reason=%s netns=%u source=%pISpc destination=%pISpc length=%u head=%s",
		  __entry->reason, __entry->netns, __entry->source, __entry->destination, __entry->length,
		  __print_hex_str(__entry->head, __entry->head_len))
);

/* What becomes of a packet that came to a table: `relayed`, or why not. */
DEFINE_EVENT(rtpe_packet, decision, TP_PROTO(const struct rtpe_seen *seen), TP_ARGS(seen));

/* Why an output does not send one that is relayed; the ends are those of the output. */
DEFINE_EVENT(rtpe_packet, unsent, TP_PROTO(const struct rtpe_seen *seen), TP_ARGS(seen));

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE tracepoints
#include <trace/define_trace.h>
