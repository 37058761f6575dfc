// SPDX-License-Identifier: GPL-2.0-only

//! The kernel, the module, and what the caller may see.

use super::facts::Facts;
use super::finding::{About::Host, Found};

const OURS: &str = "xt_rtpengine_rs";

/// Whether the kernel can load the module.
pub(super) fn kernel(facts: &Facts, found: &mut Found) {
    let release = &facts.kernel.release;
    match (facts.kernel.has_rust, facts.loaded.is_empty()) {
        (Some(false), true) => found.fault(
            Host,
            format!("{release} is built without support for Rust: {OURS} cannot be loaded"),
            "boot a kernel of Debian 13 backports: `apt-get install -t trixie-backports linux-image-amd64`",
        ),
        (None, true) if facts.installed.is_none() => found.cannot_tell(
            Host,
            format!("{release}: its configuration is not under /boot, so whether it has support for Rust is not known"),
            "",
        ),
        _ => found.ok(release.clone()),
    }
}

/// Whether a module is loaded, and which.
pub(super) fn module(facts: &Facts, found: &mut Found) {
    let ours = env!("CARGO_PKG_VERSION");
    match (&facts.loaded[..], &facts.module) {
        ([], _) => match &facts.installed {
            Some(_) => found.fault(
                Host,
                "no module that relays is loaded",
                "`modprobe xt_rtpengine_rs`; if it is refused, `dmesg | tail` says why",
            ),
            None => found.fault(
                Host,
                format!(
                    "no module that relays is loaded, and {OURS} is not installed for {}",
                    facts.kernel.release
                ),
                "build and install it for this kernel: `make`, `make install`; then `modprobe xt_rtpengine_rs`",
            ),
        },
        ([_, _, ..], _) => found.warning(
            Host,
            format!("several are loaded: {}", facts.loaded.join(", ")),
            "stop the daemon and remove those that are not to serve: `rmmod NAME`",
        ),
        ([OURS], Some(module)) if module.version.as_deref().is_some_and(|it| it != ours) => found
            .warning(
                Host,
                format!(
                    "{OURS} {} is loaded, and rtpctl is of {ours}",
                    module.version.as_deref().unwrap_or_default()
                ),
                "install both of one version, stop the daemon, `rmmod xt_rtpengine_rs`, and start it again",
            ),
        ([name, ..], _) => {
            let version = facts.module.as_ref().and_then(|it| it.version.clone());
            let parameters = facts.parameters.iter();
            let parameters: Vec<_> = parameters
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            found.ok(format!(
                "{name} {}, with {}",
                version.unwrap_or_else(|| "of unknown version".to_owned()),
                parameters.join(" ")
            ));
        }
    }
}

/// Whether the caller may see all there is.
pub(super) fn rights(facts: &Facts, found: &mut Found) {
    if !facts.is_admin {
        found.cannot_tell(
            Host,
            "without CAP_NET_ADMIN neither rules nor other processes are seen",
            "run it as root",
        );
    } else if facts.ruleset.is_none() {
        found.cannot_tell(
            Host,
            "the rules of nftables cannot be read",
            "`rtpctl rule list` says why",
        );
    }
}
