// SPDX-License-Identifier: GPL-2.0-only

//! Why nftables refused, and what to do about it.

use super::super::client::no_module;
use super::super::foreign::Foreign;
use super::expr::Expr;
use super::hand::{chain_words, table_words};
use super::{io, Client, Code, Errno, Failure, Op, Refusal, RuleConfig, Via};

/// Says why nftables cannot be talked to.
pub(super) fn no_nftables(error: &io::Error) -> Failure {
    match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
        Errno::EPERM | Errno::EACCES => no_capability("the rules of nftables may not be read"),
        Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP | Errno::EINVAL => {
            Failure::new(
                Code::Refused,
                format!("the kernel has no nftables: {error}"),
            )
            .hint("load it: `modprobe nf_tables`")
        }
        _ => Failure::new(Code::Refused, format!("cannot talk to nftables: {error}")),
    }
}

fn no_capability(what: &str) -> Failure {
    Failure::new(Code::Permission, format!("permission denied: {what}"))
        .hint("run it as root, or with CAP_NET_ADMIN in this network namespace")
}

/// Says why a change was refused, as far as the error alone tells.
pub(super) fn general(what: &str, refusal: &Refusal) -> Failure {
    if refusal.errno == Errno::EPERM {
        return no_capability(what);
    }
    let why = match &refusal.message {
        Some(message) => format!("{} ({})", refusal.errno.desc(), Foreign(message)),
        None => refusal.errno.desc().to_owned(),
    };
    let code = match refusal.errno {
        Errno::EBUSY => Code::Busy,
        Errno::EEXIST => Code::Exists,
        _ => Code::Refused,
    };
    Failure::new(code, format!("{what}: {why}; nothing was changed"))
}

/// Says why a rule that hands packets to a table was refused.
pub(super) fn of_add(
    config: &RuleConfig,
    client: &Client,
    op: Option<&Op>,
    refusal: &Refusal,
) -> Failure {
    let table = config.table;
    let what = format!("the rule for table {table} was refused");
    match op {
        Some(Op::NewRule { .. }) => of_rule(&what, Some((table, config.via)), client, refusal),
        _ => general(&what, refusal),
    }
}

/// Says why a change by hand was refused.
pub(super) fn of_edit(client: &Client, op: Option<&Op>, refusal: &Refusal) -> Failure {
    match op {
        Some(Op::NewRule {
            chain, expressions, ..
        }) => {
            let what = format!("the rule for {} was refused", chain_words(chain));
            let call = expressions.iter().find_map(|expr| match expr {
                Expr::Native { table, .. } => Some((*table, Via::Expression)),
                Expr::Compat { table } => Some((*table, Via::Target)),
                _ => None,
            });
            let call = call.and_then(|(table, via)| Some((u8::try_from(table).ok()?, via)));
            let past = |expr: &Expr| {
                matches!(
                    expr,
                    Expr::Native {
                        past_output: true,
                        ..
                    }
                )
            };
            if refusal.errno == Errno::EOPNOTSUPP && expressions.iter().any(past) {
                return general(&what, refusal)
                    .hint("past-output is for chains at the hook ingress, and those that only they jump to");
            }
            of_rule(&what, call, client, refusal)
        }
        Some(Op::NewChain { chain, base }) => {
            let what = format!("{} was refused", chain_words(chain));
            let devices = base
                .as_ref()
                .is_some_and(|base| !base.hook.devices.is_empty());
            match refusal.errno {
                Errno::ENOENT if devices => {
                    Failure::new(Code::NotFound, format!("{what}: there is no such device"))
                        .hint("`ip link` shows those that there are")
                }
                Errno::EOPNOTSUPP => general(&what, refusal)
                    .hint("the family, the type and the hook do not go together"),
                _ => general(&what, refusal),
            }
        }
        Some(op) => general(
            &format!("{} cannot be changed", table_words(op.table())),
            refusal,
        ),
        None => general("the change was refused", refusal),
    }
}

/// Says why a rule was refused that calls the module for this table, in this way.
fn of_rule(what: &str, call: Option<(u8, Via)>, client: &Client, refusal: &Refusal) -> Failure {
    let Some((table, via)) = call else {
        return general(what, refusal);
    };
    match (refusal.errno, via) {
        (Errno::ENOENT | Errno::ERANGE, _) if !client.module_is_loaded() => no_module(),
        (Errno::ENOENT, Via::Expression)
            if client.table_exists(table) && !client.module_is_old() =>
        {
            Failure::new(
                Code::Refused,
                format!("{what}: the table belongs to another network namespace"),
            )
            .hint("run rtpctl in the namespace that made the table, or use another table")
        }
        (Errno::ENOENT, Via::Expression) => Failure::new(
            Code::Generation,
            format!("{what}: the kernel does not know the nftables expression `rtpengine`"),
        )
        .hint("an older module has the xtables target alone: try `--via target`"),
        (Errno::ENOENT, Via::Target) => Failure::new(
            Code::NoModule,
            format!("{what}: the kernel does not know the xtables target RTPENGINE"),
        )
        .hint("load the compatibility layer with `modprobe nft_compat`, or leave --via out"),
        (Errno::ERANGE, _) => Failure::new(
            Code::Refused,
            format!("{what}: the module has no table of that number"),
        ),
        (Errno::EINVAL, Via::Target) => general(what, refusal)
            .hint("the target is for the tables `ip filter` and `ip6 filter`, and the input hook"),
        (Errno::EOPNOTSUPP, _) => general(what, refusal)
            .hint("the module does not support rules of this family at this hook"),
        _ => general(what, refusal),
    }
}
