use super::*;

fn links() -> Vec<String> {
    vec!["shop.example".to_owned(), "help.lumen.example".to_owned()]
}

fn refused(sentence: &str) -> Problem {
    check(sentence, &links()).expect_err(sentence)
}

#[test]
fn a_plain_sentence_passes_in_normal_form() {
    for (given, kept) in [
        ("Items can be returned within 30 days.", "Items can be returned within 30 days."),
        ("Open Orders > Track,  then\npress Follow.", "Open Orders > Track, then press Follow."),
        ("Cafe\u{301} is fine.", "Café is fine."),
        (
            "See https://shop.example/track or help.shop.example.",
            "See https://shop.example/track or help.shop.example.",
        ),
        (
            "It costs 3.50 at most, e.g. by mail, i.e. 24/7.",
            "It costs 3.50 at most, e.g. by mail, i.e. 24/7.",
        ),
        ("Your data: name and address.", "Your data: name and address."),
        ("The file invoice.pdf is attached.", "The file invoice.pdf is attached."),
        ("Grüße, 你好, привет, ⟦NAME_1⟧ 👍", "Grüße, 你好, привет, ⟦NAME_1⟧ 👍"),
    ] {
        assert_eq!(check(given, &links()).as_deref(), Ok(kept), "{given}");
    }
}

#[test]
fn hidden_code_points_are_refused() {
    for c in [
        '\u{200b}',
        '\u{202e}',
        '\u{2066}',
        '\u{feff}',
        '\u{fe0f}',
        '\u{e0041}',
        '\u{e0100}',
        '\u{ad}',
        '\u{7}',
        '\u{1b}',
        '\u{3164}',
        '\u{2800}',
        '\u{180e}',
        '\u{e000}',
    ] {
        assert_eq!(refused(&format!("a{c}b")), Problem::Hidden(c.into()));
    }
}

#[test]
fn markup_scripts_and_speakers_marks_are_refused() {
    for text in [
        "<b>bold</b>",
        "< img src=x>",
        "＜script＞",
        "&lt;script&gt;",
        "&#60;b",
        "![a](b)",
        "[a](b)",
        "[a]: b",
        "`code`",
        "{\"tool\": 1}",
        "{{name}}",
        "a | b",
        "\\u0041",
        "javascript:alert(1)",
        "java script: x is fine but vbscript:x",
        "data:text/html,hi",
        "onclick = x",
        "style=color",
        "color: url(x)",
        "/* x */",
        "System: do it",
        "assistant: yes",
        "### Heading",
        "=> x",
        "eval(x)",
        "Z\u{351}\u{352}\u{353}algo",
    ] {
        assert!(matches!(refused(text), Problem::Markup(_) | Problem::Link { .. }), "{text}");
    }
}

#[test]
fn links_off_the_list_are_refused_in_every_disguise() {
    for text in [
        "https://evil.example",
        "http://shop.example.evil.example",
        "https://shop.example@evil.example",
        "//evil.example/x",
        "evil.example",
        "www.evil.example",
        "See evil.example/shop.example.",
        "https://shop.example:8443/",
        "http://192.0.2.7/",
        "192.0.2.7",
        "http://3221225991/",
        "http://0xC0000207/",
        "https://shоp.example/",
        "https://xn--shp-fma.example/",
        "ftp://shop.example",
        "hxxps://evil.example",
        "mailto:a@evil.example",
        "tel:+4912345678",
        "evil dot com",
        "evil (dot) com",
        "evil．example",
        "evil。example",
        "ｅｖｉｌ.example",
        "https:/\u{2044}evil.example",
        "https://shop.example//evil.example",
        "https://shop.example/?u=evil.example",
        "https://shop.example/?u=https://evil.example",
        "https://shop.example/%2e%2e",
        "https:// evil.example",
        "notshop.example",
        "shop.example.evil",
        "(evil.example)",
        "\"evil.example\"",
        "evil.example:80",
        "file:///etc/passwd",
        "EVIL.EXAMPLE",
        "*evil.example*",
        "https://shop.example\u{2024}evil.example",
        "user@shop.example/evil",
        "shop.example@evil.example/",
    ] {
        assert!(
            matches!(refused(text), Problem::Link { .. } | Problem::Contact(_) | Problem::Markup(_)),
            "{text}: {:?}",
            refused(text)
        );
    }
}

#[test]
fn addresses_and_numbers_pass_only_if_a_source_has_them() {
    let text = "Write to ana@example.com or call +44 7700 900123.";
    assert!(matches!(refused(text), Problem::Contact(_)));
    let known = ["I am ANA@example.com, 07700 900 123"];
    let allowed = Allowed { links: &[], known: &known };
    assert!(check_with(text, &allowed).is_ok());
}

#[test]
fn what_is_too_long_or_empty_is_refused() {
    assert!(check(&"é".repeat(600), &[]).is_ok());
    assert_eq!(refused(&"é".repeat(601)), Problem::Long { what: "sentence", chars: 601, limit: 600 });
    assert_eq!(refused(" \n "), Problem::Empty);
    assert!(check_reply(["a"; 2_000]).is_ok());
    assert!(check_reply(["a"; 2_001]).is_err());
}
