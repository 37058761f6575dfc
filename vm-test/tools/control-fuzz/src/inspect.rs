// SPDX-License-Identifier: GPL-2.0-only

//! What can be read of a table, compared with what it should be.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::random::Random;
use super::table::{Failure, Table};

/// Reads a file with calls for so many bytes each.
pub(crate) fn read_by(path: &str, chunk: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut text = Vec::new();
    let mut buffer = vec![0; chunk.max(1)];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(String::from_utf8_lossy(&text).into_owned()),
            count => text.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// Reads a file in an odd way, whatever comes of it.
pub(crate) fn read_oddly(random: &mut Random, path: &str) {
    let Ok(mut file) = File::open(path) else {
        return;
    };
    for _ in 0..random.between(1, 4) {
        let length = random.pick(&[0, 1, 7, 100, 4096, 20_000]);
        let _ = file.read(&mut vec![0; length]);
        let to = match random.below(6) {
            0 => SeekFrom::Start(random.draw() >> random.below(64)),
            1 => SeekFrom::Start(0),
            2 => SeekFrom::Current(random.word() as i32 as i64),
            3 => SeekFrom::End(0),
            _ => continue,
        };
        let _ = file.seek(to);
    }
}

/// Compares `status` and `list` of a table that nobody else changes with the model.
pub(crate) fn check(random: &mut Random, table: &Table) -> Result<(), Failure> {
    let read = |random: &mut Random, name| {
        let chunk = random.pick(&[100, 1000, 4096, 65_536]);
        read_by(&table.path(name), chunk).map_err(|error| format!("{}: {error}", table.path(name)))
    };
    let status = read(random, "status")?;
    let figure = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        value.and_then(|value| value.trim_start_matches(':').trim().parse::<u64>().ok())
    };
    let model = &table.model;
    let memory: u64 = model.pins.iter().map(|pin| pin.size).sum();
    let interface = model.generation.map_or("none", |it| it.name());
    let interface_line = status
        .lines()
        .find_map(|line| line.strip_prefix("Interface:"));
    if interface_line.map(str::trim) != Some(interface) {
        return Err(format!(
            "table {}: the interface is not {interface}:\n{status}",
            table.id
        ));
    }
    let shows_memory = model.generation.is_none_or(|it| it.text().memory);
    for (name, expected) in [
        ("Targets", model.targets.len() as u64),
        ("Memory pins", model.pins.len() as u64),
        ("Memory:", memory),
    ] {
        if !shows_memory && name.starts_with("Memory") {
            continue;
        }
        if figure(name) != Some(expected) {
            return Err(format!(
                "table {}: {name}: expected {expected}:\n{status}",
                table.id
            ));
        }
    }
    // Rules count besides.
    if figure("Refcount").is_none_or(|count| count < table.handles.len() as u64) {
        return Err(format!(
            "table {}: {} handles:\n{status}",
            table.id,
            table.handles.len()
        ));
    }

    let expected: BTreeMap<String, (u32, u32)> = model
        .targets
        .iter()
        .map(|(local, known)| {
            let outputs = if known.missing() > 0 {
                0
            } else {
                known.announced
            };
            (local.to_string(), (known.missing(), outputs))
        })
        .collect();
    let list = read(random, "list")?;
    let listed = targets(&list);
    if listed != expected {
        return Err(format!(
            "table {}: expected {expected:?}:\n{list}",
            table.id
        ));
    }
    Ok(())
}

/// The targets of a list: how many outputs are missing, and how many are shown.
fn targets(list: &str) -> BTreeMap<String, (u32, u32)> {
    let mut found: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    let mut current = String::new();
    for line in list.lines() {
        if let Some(local) = line.strip_prefix("local ") {
            local.clone_into(&mut current);
            // One that is listed twice is told by what is none of its numbers.
            let twice = found.insert(current.clone(), (0, 0)).is_some();
            if twice {
                found.insert(format!("{current} twice"), (0, 0));
            }
        } else if let Some((missing, outputs)) = found.get_mut(&current) {
            let line = line.trim_start();
            if let Some(rest) = line.strip_prefix("outputs not fully filled (") {
                *missing = rest
                    .split(' ')
                    .next()
                    .and_then(|n| n.parse().ok())
                    .unwrap_or(0);
            } else if line.starts_with("output #") {
                *outputs += 1;
            }
        }
    }
    found
}

/// A list without what packets change.
pub(crate) fn settled(list: &str) -> String {
    let counts = |line: &&str| {
        !["bytes,", "last packet:", "SSRC in:", "SSRC out:"]
            .iter()
            .any(|word| line.contains(word))
    };
    list.lines().filter(counts).collect::<Vec<_>>().join("\n")
}
