// SPDX-License-Identifier: GPL-2.0-only
/* The version of the module, which is the workspace's in Cargo.toml: module! has no field for one. */

#include <linux/module.h>

MODULE_VERSION(RTPE_VERSION);
