// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces. */

#include "../bindings.h"

void *rtpe_net_generic(const struct net *net, unsigned int id)
{
	return net_generic(net, id);
}

/* The same, called under RCU. */
void *rtpe_net_generic_rcu(const struct net *net, unsigned int id)
{
	return rcu_dereference(net->gen)->ptr[id];
}

struct proc_dir_entry *rtpe_proc_net(const struct net *net)
{
	return net->proc_net;
}
