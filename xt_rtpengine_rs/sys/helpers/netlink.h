/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_NETLINK_H
#define RTPE_HELPERS_NETLINK_H

#include <linux/types.h>

struct nlattr;

u32 rtpe_nla_get_u32(const struct nlattr *attribute);

#endif
