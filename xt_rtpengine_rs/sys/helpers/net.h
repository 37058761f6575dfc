/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_NET_H
#define RTPE_HELPERS_NET_H

#include <linux/types.h>

struct net;

struct net *rtpe_current_net(void);
struct net *rtpe_get_net(const struct net *wanted);
void rtpe_put_net(struct net *net);

#endif
