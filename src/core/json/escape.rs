//! Escapes in strings.

/// Where the next quote, backslash or control character is, or the end. Eight bytes at a time: this is where most of
/// the time of reading a message goes.
#[inline(always)]
pub(super) fn special(bytes: &[u8], from: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    // Marks bytes that are zero; exact up to the first one, and that is the one that counts.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let mut at = from;
    while let Some(Ok(chunk)) = bytes.get(at..at + 8).map(<[u8; 8]>::try_from) {
        let word = u64::from_le_bytes(chunk);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = zeros(word ^ (ONES * 0x22)) | zeros(word ^ (ONES * 0x5C)) | controls;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, b'"' | b'\\' | 0..=0x1F) {
            break;
        }
        at += 1;
    }
    at
}

pub(super) fn hex4(digits: Option<&[u8]>) -> Option<u32> {
    let mut code = 0;
    for byte in digits? {
        code = code * 16 + char::from(*byte).to_digit(16)?;
    }
    Some(code)
}

/// The same from the beginning, for those who are not in a hurry.
#[inline(never)]
pub(super) fn split_special(text: &str) -> (&str, &str) {
    text.split_at_checked(special(text.as_bytes(), 0))
        .unwrap_or((text, ""))
}

pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        // The text has been checked: only a backslash is special in it.
        let (before, escape) = split_special(rest);
        out.push_str(before);
        let Some(mark) = escape.as_bytes().get(1) else {
            return out;
        };
        rest = escape.get(2..).unwrap_or("");
        out.push(match mark {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => unescape_unicode(&mut rest),
            other => char::from(*other),
        });
    }
}

/// `text` follows `\u`, and goes on behind what was read; a surrogate pair takes its second half along.
fn unescape_unicode(text: &mut &str) -> char {
    let bytes = text.as_bytes();
    let high = hex4(bytes.get(..4)).unwrap_or(0xD800);
    let mut code = high;
    let mut used = 4;
    if (0xD800..0xDC00).contains(&high)
        && bytes.get(4..6) == Some(b"\\u")
        && let Some(low @ 0xDC00..=0xDFFF) = hex4(bytes.get(6..10))
    {
        code = 0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        used = 10;
    }
    *text = text.get(used..).unwrap_or("");
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}
