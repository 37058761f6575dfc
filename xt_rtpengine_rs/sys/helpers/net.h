/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_NET_H
#define RTPE_HELPERS_NET_H

#include <linux/types.h>

struct net;
struct proc_dir_entry;

void *rtpe_net_generic(const struct net *net, unsigned int id);
void *rtpe_net_generic_rcu(const struct net *net, unsigned int id);
struct proc_dir_entry *rtpe_proc_net(const struct net *net);

#endif
