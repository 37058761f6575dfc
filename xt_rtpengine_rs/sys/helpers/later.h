/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_LATER_H
#define RTPE_HELPERS_LATER_H

#include <linux/types.h>

struct net;
struct sk_buff;

/* Who is told what became of a datagram that is sent later, with data of its own. */
struct rtpe_report {
	void (*sent)(struct net *net, const __u64 *data, int result);
	__u64 data[4];
};

void rtpe_later_init(void);
void rtpe_later_settle(void);
void rtpe_later_end(void);
int rtpe_later(struct net *net, struct sk_buff *skb, const struct rtpe_report *report);

#endif
