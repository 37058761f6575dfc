/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_PROC_H
#define RTPE_HELPERS_PROC_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct file;
struct file_operations;
struct inode;

void rtpe_replace_fops(struct file *file, const struct file_operations *fops);
bool rtpe_fops_get(const struct file_operations *fops);
bool rtpe_path_exists(const char *path);
void *rtpe_pde_data(const struct inode *inode);
kuid_t rtpe_make_kuid(unsigned int uid);
kgid_t rtpe_make_kgid(unsigned int gid);
bool rtpe_capable(int capability);
bool rtpe_file_capable(const struct file *file, int capability);
kuid_t rtpe_file_user(const struct file *file);
bool rtpe_is_user(kuid_t uid);
bool rtpe_in_group(kgid_t gid);

#endif
