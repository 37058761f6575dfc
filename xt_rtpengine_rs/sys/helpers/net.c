// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces. */

#include "../bindings.h"

struct net *rtpe_current_net(void)
{
	return current->nsproxy->net_ns;
}

/* Takes a reference to a namespace if it is alive still. */
struct net *rtpe_get_net(const struct net *wanted)
{
	struct net *net, *found = NULL;

	rcu_read_lock();
	for_each_net_rcu(net) {
		if (net == wanted) {
			found = maybe_get_net(net);
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

void rtpe_put_net(struct net *net)
{
	put_net(net);
}
