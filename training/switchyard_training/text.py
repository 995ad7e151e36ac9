"""What of a message is the customer's own: preprocessing of bundles, version 1, line for line what the workers do."""

import re
import unicodedata

FEWEST_WORDS = 3
SIGN_OFFS = {
    "kind regards", "best regards", "warm regards", "with kind regards", "many regards", "regards", "best wishes", "all the best", "sincerely",
    "yours sincerely", "sincerely yours", "yours faithfully", "yours truly", "respectfully",
}
INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
LINE_END = re.compile("\r\n|[\n\r\u2028\u2029\u0085]")
DISCLAIMERS = (
    "intended recipient", "intended solely for", "named addressee", "received this e-mail in error", "received this email in error",
    "received this message in error",
)


def prepare(text: str) -> str:
    """The customer's own words, cleaned; the whole text when hardly anything would be left."""
    whole = clean(text)
    own = own_words(whole)
    return whole if len(own.split()) < FEWEST_WORDS else own


def clean(text: str) -> str:
    """One kind of space, one kind of line end, nothing invisible."""
    cleaned, gap = "", False
    for line in map(clean_line, LINE_END.split(text)):
        if not line:
            gap = bool(cleaned)
            continue
        if cleaned:
            cleaned += "\n\n" if gap else "\n"
        cleaned, gap = cleaned + line, False
    return cleaned


def clean_line(line: str) -> str:
    visible = INVISIBLE.sub("", line)
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in visible).split())


def own_words(whole: str) -> str:
    own = "\n".join(without_signature(without_history(whole.split("\n"))))
    return clean("\n\n".join(paragraph for paragraph in own.split("\n\n") if not is_disclaimer(paragraph)))


def without_history(lines: list[str]) -> list[str]:
    """Drops quoted lines, and all that follows where an older mail begins."""
    own = []
    for at, line in enumerate(lines):
        rest = lines[at + 1 :]
        if is_separator(line) or is_header(line, rest):
            break
        if is_attribution(line):
            if next((after for after in rest if after), "").startswith(">"):
                continue
            break
        if not line.startswith(">"):
            own.append(line)
    return own


def is_separator(line: str) -> bool:
    words = line.strip("-_ ").lower()
    return line.startswith("--") and (words == "original message" or words.startswith("forwarded message"))


def is_header(line: str, rest: list[str]) -> bool:
    near = [after.lower() for after in rest[:5]]
    below = all(any(after.startswith(names) for after in near) for names in (("sent:", "date:"), ("to:", "subject:")))
    return line.lower().startswith("from:") and below


def is_attribution(line: str) -> bool:
    return line.startswith("On ") and line.endswith("wrote:") and re.search("[0-9]", line) is not None


def without_signature(lines: list[str]) -> list[str]:
    """Drops a signature at the end: what follows `--` or a sign-off, if it looks like names and addresses."""
    kept = [line for line in lines if not is_device_line(line)]
    for at in range(1, len(kept)):
        rest = kept[at + 1 :]
        if (kept[at] == "--" or kept[at].rstrip(",.!").lower() in SIGN_OFFS) and len(rest) <= 10 and all(map(is_contact, rest)):
            return kept[:at]
    return kept


def is_device_line(line: str) -> bool:
    low = line.lower()
    return low.startswith(("sent from my ", "get outlook for ")) and len(low.split(" ")) <= 7


def is_plain(word: str) -> bool:
    return len(word) > 3 and all(c.islower() or c in ",.!?'" for c in word)


def is_contact(line: str) -> bool:
    """A name, a title, an address: few words, none of the longer ones a plain lower-case one."""
    words = line.split(" ")
    plain = any(is_plain(w) and "/" not in w and "@" not in w and not w.startswith("www.") for w in words)
    return not line.lower().startswith(("ps", "p.s")) and not line.endswith(("!", "?")) and len(words) <= 8 and not plain


def is_disclaimer(paragraph: str) -> bool:
    low = paragraph.lower()
    return ("confidential" in low or "privileged" in low) and any(mark in low for mark in DISCLAIMERS)
