//! What is made of a file's rows; nothing is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use clap::Parser;
use index::{
    Config,
    ingest::{BadRow, IngestError, Options, Progress, Source, Summary, run},
};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    config: Config,
}

async fn check(name: &str, input: &[u8], more: &[&str]) -> Result<(Summary, Vec<BadRow>), IngestError> {
    let arguments = ["ingest", name, "--dry-run"].into_iter().chain(more.iter().copied());
    let Arguments { options, config } = Arguments::parse_from(arguments);
    let (input, mut bad) = (std::io::Cursor::new(input.to_vec()), Vec::new());
    let summary = run(&options, &config, Source::of(name, input), |progress| {
        if let Progress::Bad(row) = progress {
            bad.push(row);
        }
    })
    .await?;
    assert_eq!(summary.read, summary.indexed + summary.unchanged + summary.bad);
    Ok((summary, bad))
}

const GOOD: &str = r#"{"tenant":"acme","id":"1","body":"Where is it?","reply":"On its way.","resolved_at":"2026-09-01T18:44:00Z"}"#;

#[tokio::test]
async fn a_row_is_an_object_or_the_event_around_it() {
    let event = format!("{{\"resolution\":{}}}", GOOD.replace("\"1\"", "\"2\""));
    let (summary, bad) = check("x.jsonl", format!("{GOOD}\r\n\n{event}").as_bytes(), &[]).await.unwrap();
    assert_eq!((summary.indexed, bad), (2, vec![]));
}

#[tokio::test]
async fn each_bad_line_is_told_with_its_number_and_the_others_are_taken() {
    let lines: Vec<Vec<u8>> = vec![
        GOOD.into(),
        b"{\"tenant\":".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"[1]".to_vec(),
        GOOD.replace("Where is it?", " ").into(),
        GOOD.replace("On its way.", "a\\u0000b").into(),
        GOOD.replace("acme", "a/c").into(),
        GOOD.replace("2026-09-01T18:44:00Z", "yesterday").into(),
        GOOD.replace("On its way.", "\\ud800").into(),
        vec![b' '; 5 << 20],
        GOOD.replace("Where is it?", &"x".repeat(200_000)).into(),
        b"{\"resolution\":3}".to_vec(),
        GOOD.replace("\"1\"", "\"last\"").into(),
    ];
    let (summary, bad) = check("x.jsonl", &lines.join(&b'\n'), &[]).await.unwrap();
    assert_eq!(summary.indexed, 2, "{bad:#?}");
    assert_eq!(bad.iter().map(|row| row.line).collect::<Vec<_>>(), (2..=12).collect::<Vec<_>>());
    let parts = [
        "not JSON",
        "not UTF-8",
        "not a JSON object",
        "resolution.body is empty",
        "NUL",
        "a key cannot",
        "invalid characters",
        "hex escape",
        "bytes, more than",
        "characters, more than",
        "not an object",
    ];
    for (row, part) in bad.iter().zip(parts) {
        assert!(row.reason.contains(part), "{row} should say {part}");
    }
}

#[tokio::test]
async fn a_csv_with_mapped_columns_is_read() {
    let csv =
        "\u{feff}flags,instruction,intent,response\r\nB,where is it,track_order,\"On, its\r\nway.\"\r\n";
    let more = ["--map", "body=instruction", "--map", "reply=response", "--tenant", "acme"];
    let (summary, bad) = check("x.csv", csv.as_bytes(), &more).await.unwrap();
    assert_eq!((summary.indexed, bad), (1, vec![]));
}

#[tokio::test]
async fn missing_columns_are_one_error_with_the_columns_found() {
    let said = check("x.csv", b"instruction,response\na,b\n", &[]).await.unwrap_err().to_string();
    assert!(said.starts_with("x.csv: no column for tenant"), "{said}");
    assert!(said.contains("--map body=COLUMN") && said.ends_with("instruction, response"), "{said}");
}

#[tokio::test]
async fn a_bad_record_is_told_with_the_line_it_begins_in() {
    let csv = b"body,reply\n\"two\nlines\",ok\nonly one cell\na,\xe4\xf6\nb,fine\n,empty body\n";
    let (summary, bad) = check("x.csv", csv, &["--tenant", "acme"]).await.unwrap();
    assert_eq!(summary.indexed, 2);
    assert_eq!(bad.iter().map(|row| row.line).collect::<Vec<_>>(), [4, 5, 7]);
    assert!(bad[0].reason.contains("has 1 cells, the header has 2"), "{}", bad[0]);
    assert!(bad[1].reason.contains("reply is not UTF-8 from byte 0"), "{}", bad[1]);
    assert!(bad[2].reason.contains("body"), "{}", bad[2]);
}

#[tokio::test]
async fn a_quote_left_open_is_a_bad_row_and_not_a_crash() {
    let csv = format!("body,reply\na,b\n\"open,{}", "never closed\n".repeat(400_000));
    let (summary, bad) = check("x.csv", csv.as_bytes(), &["--tenant", "acme"]).await.unwrap();
    assert_eq!(summary.indexed, 1);
    assert!(bad[0].line == 3 && bad[0].reason.contains("is a quote left open?"), "{}", bad[0]);
}

#[tokio::test]
async fn the_same_text_twice_counts_once() {
    let (summary, _) = check("x.csv", b"body,reply\na,b\na,b\n", &["--tenant", "acme"]).await.unwrap();
    assert_eq!((summary.indexed, summary.unchanged), (1, 1));
}

#[tokio::test]
async fn a_file_without_an_ending_is_known_by_its_first_character() {
    assert_eq!(check("-", GOOD.as_bytes(), &[]).await.unwrap().0.indexed, 1);
    assert_eq!(
        check("-", b"body;reply\na;b\n", &["--tenant", "acme", "--delimiter", ";"]).await.unwrap().0.indexed,
        1
    );
}

#[tokio::test]
async fn utf_16_is_refused_with_what_to_do() {
    let said = check("x.csv", b"\xff\xfeb\0o\0", &[]).await.unwrap_err().to_string();
    assert_eq!(said, "x.csv: is UTF-16; save it as UTF-8");
}

#[tokio::test]
async fn an_empty_file_has_no_rows() {
    assert_eq!(check("x.jsonl", b"", &[]).await.unwrap().0, Summary::default());
}

#[tokio::test]
async fn a_file_that_is_not_there_is_named() {
    let said = Source::open(std::path::Path::new("nowhere.jsonl")).err().unwrap().to_string();
    assert!(said.starts_with("nowhere.jsonl: "), "{said}");
}
