// SPDX-License-Identifier: GPL-2.0-only

//! Filtering of header extensions, and appending one, in place.

use super::extension::{Element, Elements, Extension, Form, HEADER_LEN, ONE_BYTE, TWO_BYTE};
use super::rtp::RtpView;
use super::rtp_wire;

/// The X bit of the first byte of RTP.
const X_BIT: u8 = 0x10;
/// Highest id of the one-byte form.
const MAX_ONE_BYTE_ID: u8 = 14;
/// Longest element of the one-byte form.
const MAX_ONE_BYTE_LEN: usize = 16;

/// Which elements a packet leaves with.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a, F> {
    /// Whether an element of this id is kept.
    pub keep: F,
    /// The element to append, in place of those of the same id: id above 0, 1 to 255 bytes. Another
    /// one is not appended.
    pub append: Option<Element<'a>>,
}

/// What has a rule, such as an output.
pub trait ToRule {
    /// The rule.
    fn rule(&self) -> Rule<'_, impl Fn(u8) -> bool>;
}

impl<F: Fn(u8) -> bool> ToRule for Rule<'_, F> {
    fn rule(&self) -> Rule<'_, impl Fn(u8) -> bool> {
        Rule {
            keep: &self.keep,
            append: self.append,
        }
    }
}

impl ToRule for rtp_wire::Output {
    fn rule(&self) -> Rule<'_, impl Fn(u8) -> bool> {
        Rule {
            keep: |id| self.extensions.contains(id),
            append: (self.mid_extension != 0).then(|| Element {
                id: self.mid_extension,
                data: self.mid.as_bytes(),
            }),
        }
    }
}

/// There is no room for what is to be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

/// What a rule makes of a packet.
struct Plan<'a> {
    /// Where the header of the extension is, or will be.
    start: usize,
    /// Length of the extension, its header included.
    old_len: usize,
    /// What it will be.
    new_len: usize,
    /// Number of elements that are kept.
    kept: usize,
    /// Their length as it is.
    kept_len: usize,
    /// Their form as it is.
    old_form: Form,
    /// The profile as it will be.
    profile: u16,
    /// The element to append.
    append: Option<Element<'a>>,
}

impl Plan<'_> {
    fn converts(&self) -> bool {
        self.old_form == Form::OneByte && self.profile != ONE_BYTE
    }
}

/// Length that an RTP packet has after [`rewrite`].
pub fn new_length<F: Fn(u8) -> bool>(packet: &[u8], rule: &Rule<'_, F>) -> usize {
    plan(packet, rule)
        .and_then(|plan| resized(&plan, packet.len()))
        .unwrap_or(packet.len())
}

/// Applies a rule to the RTP packet in the first `length` bytes of a buffer, and returns its new
/// length. Nothing changes when that does not fit.
///
/// Elements keep their form unless the appended one does not fit into it: then all of them take the
/// two-byte form. Padding is dropped. An extension without elements is removed; one of another
/// profile is left alone, and so is a packet that is not RTP.
pub fn rewrite<F: Fn(u8) -> bool>(
    buffer: &mut [u8],
    length: usize,
    rule: &Rule<'_, F>,
) -> Result<usize, NoRoom> {
    let packet = buffer.get(..length).ok_or(NoRoom)?;
    let Some(plan) = plan(packet, rule) else {
        return Ok(length);
    };
    let new_length = resized(&plan, length).ok_or(NoRoom)?;
    if new_length > buffer.len() {
        return Err(NoRoom);
    }
    // `plan` fits into the buffer before and after, so none of the steps fails.
    apply(buffer, length, new_length, &plan, &rule.keep).ok_or(NoRoom)?;
    Ok(new_length)
}

fn resized(plan: &Plan<'_>, length: usize) -> Option<usize> {
    length.checked_sub(plan.old_len)?.checked_add(plan.new_len)
}

/// None when the packet stays as it is.
fn plan<'a, F: Fn(u8) -> bool>(packet: &[u8], rule: &Rule<'a, F>) -> Option<Plan<'a>> {
    let view = RtpView::parse(packet)?;
    let append = rule
        .append
        .filter(|element| element.id != 0 && (1..=255).contains(&element.data.len()));
    let extension = view.extension();
    let old_form = match &extension {
        Some(extension) => extension.form()?,
        None => Form::OneByte,
    };
    let fits = append.is_none_or(|element| {
        element.id <= MAX_ONE_BYTE_ID && element.data.len() <= MAX_ONE_BYTE_LEN
    });
    let profile = match (&extension, old_form) {
        (Some(extension), Form::TwoByte) => extension.profile(),
        _ if fits => ONE_BYTE,
        _ => TWO_BYTE,
    };
    let head = |form| match form {
        Form::OneByte => 1usize,
        Form::TwoByte => 2,
    };
    let new_form = if profile == ONE_BYTE {
        Form::OneByte
    } else {
        Form::TwoByte
    };

    let (mut kept, mut kept_len, mut new_data) = (0usize, 0usize, 0usize);
    for element in extension.iter().flat_map(Extension::elements) {
        if is_kept(&element, append.as_ref(), &rule.keep) {
            let len = element.data.len();
            kept = kept.checked_add(1)?;
            kept_len = kept_len.checked_add(len)?.checked_add(head(old_form))?;
            new_data = new_data.checked_add(len)?.checked_add(head(new_form))?;
        }
    }
    if let Some(element) = &append {
        new_data = new_data
            .checked_add(element.data.len())?
            .checked_add(head(new_form))?;
    }
    let new_len = match new_data {
        0 => 0,
        _ => new_data
            .checked_next_multiple_of(4)?
            .checked_add(HEADER_LEN)?,
    };
    Some(Plan {
        start: view.extension_start(),
        old_len: view.payload_start().checked_sub(view.extension_start())?,
        new_len,
        kept,
        kept_len,
        old_form,
        profile,
        append,
    })
}

fn is_kept(element: &Element<'_>, append: Option<&Element<'_>>, keep: impl Fn(u8) -> bool) -> bool {
    keep(element.id) && append.is_none_or(|append| append.id != element.id)
}

fn apply(
    buffer: &mut [u8],
    length: usize,
    new_length: usize,
    plan: &Plan<'_>,
    keep: impl Fn(u8) -> bool,
) -> Option<()> {
    let data = plan.start.checked_add(HEADER_LEN)?;
    let old_end = plan.start.checked_add(plan.old_len)?;
    let new_end = plan.start.checked_add(plan.new_len)?;

    // Kept elements to the front, as they are.
    if plan.old_len > 0 {
        let area = buffer.get_mut(data..old_end)?;
        compact(area, plan, keep)?;
    }
    // The payload to where it will be.
    buffer.copy_within(old_end..length, new_end);
    debug_assert_eq!(
        length.wrapping_sub(old_end),
        new_length.wrapping_sub(new_end)
    );

    let first = buffer.first_mut()?;
    if plan.new_len == 0 {
        *first &= !X_BIT;
        return Some(());
    }
    *first |= X_BIT;

    let (header, area) = buffer
        .get_mut(plan.start..new_end)?
        .split_first_chunk_mut::<HEADER_LEN>()?;
    let [a, b] = plan.profile.to_be_bytes();
    let [c, d] = u16::try_from(area.len() / 4).ok()?.to_be_bytes();
    *header = [a, b, c, d];

    let used = if plan.converts() {
        widen(area, plan)?
    } else {
        plan.kept_len
    };
    let rest = match &plan.append {
        Some(element) => append(area.get_mut(used..)?, element, plan.profile == ONE_BYTE)?,
        None => area.get_mut(used..)?,
    };
    rest.fill(0);
    Some(())
}

/// Moves the kept elements to the front of the area.
fn compact(area: &mut [u8], plan: &Plan<'_>, keep: impl Fn(u8) -> bool) -> Option<()> {
    let (mut from, mut to) = (0usize, 0usize);
    while let Some((element, start, end)) = next_element(area, plan.old_form, from) {
        from = end;
        if is_kept(&element, plan.append.as_ref(), &keep) {
            let len = end.checked_sub(start)?;
            area.copy_within(start..end, to);
            to = to.checked_add(len)?;
        }
    }
    Some(())
}

/// The next element from `from` on, and where it starts and ends.
fn next_element(area: &[u8], form: Form, from: usize) -> Option<(Element<'_>, usize, usize)> {
    let mut elements = Elements::new(form, area.get(from..)?);
    let element = elements.next()?;
    let end = area.len().checked_sub(elements.rest().len())?;
    let head = match form {
        Form::OneByte => 1,
        Form::TwoByte => 2,
    };
    let start = end.checked_sub(element.data.len())?.checked_sub(head)?;
    Some((element, start, end))
}

/// Turns the kept elements at the front of the area from the one-byte into the two-byte form, and
/// returns their new length. Each grows by a byte, so with that much of a start over what is
/// written, what is read is never overtaken.
fn widen(area: &mut [u8], plan: &Plan<'_>) -> Option<usize> {
    area.copy_within(..plan.kept_len, plan.kept);
    let (mut from, mut to) = (plan.kept, 0usize);
    for _ in 0..plan.kept {
        let head = *area.get(from)?;
        let len = head & 0x0f;
        let data = from.checked_add(1)?;
        let end = data.checked_add(usize::from(len))?.checked_add(1)?;
        *area.get_mut(to)? = head >> 4;
        to = to.checked_add(1)?;
        *area.get_mut(to)? = len.checked_add(1)?;
        to = to.checked_add(1)?;
        area.copy_within(data..end, to);
        to = to.checked_add(end.checked_sub(data)?)?;
        from = end;
    }
    Some(to)
}

/// Writes an element to the front of the area, and returns the rest of it.
fn append<'a>(area: &'a mut [u8], element: &Element<'_>, one_byte: bool) -> Option<&'a mut [u8]> {
    let len = u8::try_from(element.data.len()).ok()?;
    let rest = if one_byte {
        let (head, rest) = area.split_first_mut()?;
        *head = (element.id << 4) | (len.checked_sub(1)? & 0x0f);
        rest
    } else {
        let (head, rest) = area.split_first_chunk_mut::<2>()?;
        *head = [element.id, len];
        rest
    };
    let (data, rest) = rest.split_at_mut_checked(element.data.len())?;
    data.copy_from_slice(element.data);
    Some(rest)
}
