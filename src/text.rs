//! Text without `core::fmt`, which takes more room than all of rinit: one line in a fixed buffer,
//! lists of texts, and the numbers that people write.

use crate::message::Message;
use crate::signal::Signal;

/// How long a line can get. What does not fit is cut off; the end of the line never is.
pub const LINE_MAX: usize = 1024;

/// A line of text.
#[derive(Debug)]
pub struct Line {
    len: usize,
    bytes: [u8; LINE_MAX],
}

impl Line {
    /// A line that says who speaks.
    #[must_use]
    #[inline(never)]
    pub fn new() -> Self {
        let mut line = Self { len: 0, bytes: [0; LINE_MAX] };
        line.bytes(b"rinit: ");
        line
    }

    /// Adds the text of `message`, in which `%` stands for `word`, and each `#` and `$` for the
    /// next of `numbers`: `#` for the number, `$` for the signal of that number.
    ///
    /// The word may come from anywhere: its control characters are shown as `?`, so that a line
    /// stays one line and a terminal is told nothing.
    #[inline(never)]
    pub fn add(&mut self, message: Message, word: &[u8], numbers: [u32; 2]) {
        let [mut number, next] = numbers;
        for byte in message.text() {
            match byte {
                b'%' => self.bytes(word),
                b'#' | b'$' => {
                    let name = if *byte == b'$' { Signal::name_of(number) } else { b"" };
                    if name.is_empty() {
                        self.bytes(decimal(number, &mut [0; 10]));
                    } else {
                        self.bytes(b"SIG");
                        self.bytes(name);
                    }
                    number = next;
                }
                _ => self.bytes(&[*byte]),
            }
        }
    }

    /// The bytes to write, with a newline at the end.
    pub fn finish(&mut self) -> &[u8] {
        // The buffer's last byte is kept for it.
        if let Some(end) = self.bytes.get_mut(self.len) {
            *end = b'\n';
        }
        self.bytes.get(..=self.len).unwrap_or_default()
    }

    #[inline(never)]
    fn bytes(&mut self, text: &[u8]) {
        for byte in text {
            if self.len < LINE_MAX - 1 {
                if let Some(slot) = self.bytes.get_mut(self.len) {
                    *slot = if byte.is_ascii_control() { b'?' } else { *byte };
                    self.len += 1;
                }
            }
        }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

/// The text at `index` of a list of texts with `separator` between them; empty behind the last.
#[must_use]
#[inline(never)]
pub fn nth(list: &'static [u8], separator: u8, index: u32) -> &'static [u8] {
    let mut rest = Some(list);
    for _ in 0..index {
        rest = split(rest.unwrap_or_default(), separator).1;
    }
    split(rest.unwrap_or_default(), separator).0
}

/// The text for `key` in a list of lines, each a number, a blank, and a text; empty where there is
/// none.
#[must_use]
#[inline(never)]
pub fn entry(list: &'static [u8], key: u32) -> &'static [u8] {
    let mut rest = Some(list);
    while let Some(lines) = rest {
        let line;
        (line, rest) = split(lines, b'\n');
        let (number, text) = split(line, b' ');
        if self::number(number, u32::MAX / 16) == Some(key) {
            return text.unwrap_or_default();
        }
    }
    b""
}

/// A number in decimal digits; 4294967295 has ten.
#[must_use]
#[inline(never)]
pub fn decimal(number: u32, digits: &mut [u8; 10]) -> &[u8] {
    let mut rest = number;
    let mut start = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    digits.get(start..).unwrap_or_default()
}

/// A decimal number from 0 to `max` (which must be below 400,000,000), and nothing else around it.
#[must_use]
#[inline(never)]
pub fn number(word: &[u8], max: u32) -> Option<u32> {
    let mut number = 0;
    for byte in word {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u32::from(digit);
        if number > max {
            return None;
        }
    }
    (!word.is_empty()).then_some(number)
}

/// A time or a length of time, in nanoseconds: enough for 584 years.
pub type Nanos = u64;

/// A second.
pub const SECOND: Nanos = 1_000_000_000;

/// The longest time that can be asked for, in seconds: more than nine years.
pub const SECONDS_MAX: u32 = 300_000_000;

/// Seconds with an optional fraction, as people write them: `5`, `0.25`, `.5`. Digits after the
/// ninth of a fraction are read and have no effect.
#[must_use]
#[inline(never)]
pub fn seconds(word: &[u8]) -> Option<Nanos> {
    let mut time: Nanos = 0;
    let mut place = SECOND;
    let mut in_fraction = false;
    let mut digits = 0;
    for byte in word {
        let digit = Nanos::from(byte.wrapping_sub(b'0'));
        if *byte == b'.' && !in_fraction {
            in_fraction = true;
        } else if digit > 9 {
            return None;
        } else {
            digits += 1;
            if in_fraction {
                place /= 10;
                time += digit * place;
            } else {
                time = time * 10 + digit * SECOND;
            }
            if time > Nanos::from(SECONDS_MAX) * SECOND {
                return None;
            }
        }
    }
    (digits > 0).then_some(time)
}

/// What stands before the first `at`, and what after it; none where there is no `at`.
#[must_use]
#[inline(never)]
pub fn split(word: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match word.iter().position(|byte| *byte == at) {
        Some(place) => (word.get(..place).unwrap_or_default(), word.get(place + 1..)),
        None => (word, None),
    }
}

/// Is `name` the upper-case form of `word`? That of `-` is `_`, as in the names of variables.
#[must_use]
#[inline(never)]
pub fn is_upper_case_of(name: &[u8], word: &[u8]) -> bool {
    let upper = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_uppercase() };
    name.len() == word.len() && name.iter().zip(word).all(|(name, byte)| *name == upper(*byte))
}
