// SPDX-License-Identifier: GPL-2.0-only
/* The module, the calling task, and its context. */

#include "../bindings.h"

unsigned int rtpe_current_tgid(void)
{
	return task_tgid_nr(current);
}

bool rtpe_module_has_started(void)
{
	return READ_ONCE(THIS_MODULE->state) == MODULE_STATE_LIVE;
}

void rtpe_bh_disable(void)
{
	local_bh_disable();
}

void rtpe_bh_enable(void)
{
	local_bh_enable();
}
