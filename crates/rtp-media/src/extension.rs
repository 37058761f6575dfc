// SPDX-License-Identifier: GPL-2.0-only

//! Header extensions of RTP (RFC 8285).

/// Profile of the one-byte form.
pub const ONE_BYTE: u16 = 0xbede;
/// Profile of the two-byte form; its low 4 bits are the application's.
pub const TWO_BYTE: u16 = 0x1000;
/// Length of profile and length field.
pub const HEADER_LEN: usize = 4;

/// How elements are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Id and length share a byte.
    OneByte,
    /// Id and length have a byte each.
    TwoByte,
}

/// A header extension.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    profile: u16,
    data: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Splits the extension off what follows the CSRC list, if all of it is there.
    pub(super) fn split(rest: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[a, b, c, d], rest) = rest.split_first_chunk::<HEADER_LEN>()?;
        let words = usize::from(u16::from_be_bytes([c, d]));
        let (data, rest) = rest.split_at_checked(words.checked_mul(4)?)?;
        let profile = u16::from_be_bytes([a, b]);
        Some((Self { profile, data }, rest))
    }

    /// The profile, which tells the form of the elements.
    pub const fn profile(&self) -> u16 {
        self.profile
    }

    /// What follows the length.
    pub const fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The form of the elements, if the profile is one that has elements.
    pub const fn form(&self) -> Option<Form> {
        if self.profile == ONE_BYTE {
            Some(Form::OneByte)
        } else if self.profile & 0xfff0 == TWO_BYTE {
            Some(Form::TwoByte)
        } else {
            None
        }
    }

    /// Its elements, without padding. Another profile has none.
    pub fn elements(&self) -> Elements<'a> {
        match self.form() {
            Some(form) => Elements::new(form, self.data),
            None => Elements::new(Form::OneByte, &[]),
        }
    }

    /// The first element of this id.
    pub fn find(&self, id: u8) -> Option<&'a [u8]> {
        self.elements()
            .find(|element| element.id == id)
            .map(|element| element.data)
    }
}

/// An element of a header extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its id, never 0.
    pub id: u8,
    /// What it carries.
    pub data: &'a [u8],
}

/// The elements of a header extension. An element that is not all there ends them.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    form: Form,
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// The elements of this form in these bytes.
    pub(super) const fn new(form: Form, bytes: &'a [u8]) -> Self {
        Self { form, rest: bytes }
    }

    /// What follows the last element taken.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        let rest = core::mem::take(&mut self.rest);
        let (id, len, rest) = match (self.form, rest) {
            (Form::OneByte, [head, rest @ ..]) => {
                let id = head >> 4;
                // RFC 8285, 4.2: id 15 ends the elements, and so does id 0 with a length.
                if id == 0 || id == 15 {
                    return None;
                }
                (id, usize::from(head & 0x0f).checked_add(1)?, rest)
            }
            (Form::TwoByte, [id, len, rest @ ..]) => (*id, usize::from(*len), rest),
            _ => return None,
        };
        let (data, rest) = rest.split_at_checked(len)?;
        self.rest = rest;
        Some(Element { id, data })
    }
}
