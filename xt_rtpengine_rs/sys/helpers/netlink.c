// SPDX-License-Identifier: GPL-2.0-only
/* Netlink attributes. */

#include "../bindings.h"

u32 rtpe_nla_get_u32(const struct nlattr *attribute)
{
	return nla_get_u32(attribute);
}
