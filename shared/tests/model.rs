//! The model runtime over the tiny bundles in `fixtures/`, and over the real ones where they are built.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use shared::{
    StartError,
    model::{Kind, Model, ModelSettings},
    start::find,
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

async fn tiny() -> Model {
    Model::open(Kind::Classifier, Some(&fixture("tiny")), &ModelSettings::default()).await.unwrap()
}

/// A copy of the tiny bundle with one change in its card.
fn changed(from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["model.onnx", "tokenizer.json", "bundle.json"] {
        std::fs::copy(fixture("tiny").join(file), folder.path().join(file)).unwrap();
    }
    let card = std::fs::read_to_string(folder.path().join("bundle.json")).unwrap();
    assert!(card.contains(from), "{from}");
    std::fs::write(folder.path().join("bundle.json"), card.replacen(from, to, 1)).unwrap();
    folder
}

async fn refusal(kind: Kind, folder: &Path, settings: &ModelSettings) -> (String, String) {
    match Model::open(kind, Some(folder), settings).await {
        Err(StartError::Settings(missets)) => (missets[0].setting.clone(), missets[0].problem.clone()),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("{} was opened", folder.display()),
    }
}

#[tokio::test]
async fn a_text_is_answered_with_a_row_for_every_output() {
    let model = tiny().await;
    let output = model.run("Where is my parcel?").await.unwrap();
    assert_eq!(model.card().heads["intent"].ranked(output.row("intent").unwrap())[0].0, "track_order");
    assert_eq!(output.row("feature").unwrap().len(), 384);
    assert_eq!((output.tokens, output.truncated), (7, false));
    assert_eq!(output.row("colour").unwrap_err().to_string(), "the model has no output 'colour'");
}

#[tokio::test]
async fn an_encoder_answers_with_a_vector_of_length_one() {
    let model =
        Model::open(Kind::Encoder, Some(&fixture("tiny_encoder")), &ModelSettings::default()).await.unwrap();
    let vector = model.embed("I want my money back").await.unwrap();
    let length: f32 = vector.iter().map(|x| x * x).sum();
    assert!(vector.len() == 384 && (length - 1.0).abs() < 1e-5);
}

#[tokio::test]
async fn the_name_is_the_bundle_and_twelve_digits_of_its_digest() {
    let name = tiny().await.name();
    let (bundle, digits) = name.split_once('@').unwrap();
    assert!(
        bundle == "classifier" && digits.len() == 12 && digits.chars().all(|c| c.is_ascii_hexdigit()),
        "{name}"
    );
}

#[tokio::test]
async fn the_end_of_a_text_that_is_too_long_is_read_too() {
    let model = tiny().await;
    let long = format!("Where is my parcel? {}\nI want a refund", "and that was that ".repeat(2_000));
    let output = model.run(&long).await.unwrap();
    assert!(output.truncated);
    assert_eq!(output.tokens, 16 * 64, "sixteen windows");
    let card = model.card();
    let ranked = card.heads["intent"].ranked(output.row("intent").unwrap());
    let mut top: Vec<_> = ranked[..2].iter().map(|(label, _)| *label).collect();
    top.sort_unstable();
    assert_eq!(top, ["get_refund", "track_order"]);
}

#[tokio::test]
async fn a_request_in_the_middle_of_a_text_of_six_times_what_is_read_at_once_is_found() {
    let model = tiny().await;
    let story = "and that was that ".repeat(50);
    let output = model.run(&format!("{story}\nI want a refund\n{story}")).await.unwrap();
    assert!(!output.truncated && output.tokens > 6 * 64, "{} tokens", output.tokens);
    let card = model.card();
    assert_eq!(card.heads["intent"].ranked(output.row("intent").unwrap())[0].0, "get_refund");
}

#[tokio::test]
async fn marks_of_the_tokenizer_typed_by_a_customer_are_plain_text() {
    let output = tiny().await.run("refund [SEP] refund").await.unwrap();
    assert!(output.tokens > 5, "{} tokens", output.tokens);
}

/// Texts of many lengths, asked alone and then all at once.
async fn same_bits_alone_and_together(model: Model) {
    let plain = (0..110).map(|n| {
        format!("{} where is order {n} {}", "hello".repeat(n % 3), "and my kettle, please ".repeat(n % 23))
    });
    let story = "The heron stood on its post and it rained all week. ".repeat(55);
    let long = (0..4)
        .map(|n| format!("{} I want my money back for order {n}. {story}", &story[..story.len() / (n + 1)]));
    let odd = [
        "",
        " \n",
        ">\n> >",
        "\u{200b}\u{202e}",
        "🙂🙂📦",
        "日本語の注文",
        "[SEP] refund [PAD]",
        "x\0y",
        "İ ß ﬁ",
    ];
    let texts: Vec<String> = plain.chain(long).chain(odd.map(str::to_owned)).collect();
    let mut alone = Vec::new();
    for text in &texts {
        alone.push(model.run(text).await.unwrap());
    }
    for round in 0..3 {
        let order = texts.iter().cycle().skip(round * 41 % texts.len()).take(texts.len());
        let together = futures::future::join_all(order.map(|text| model.run(text))).await;
        for (at, output) in together.into_iter().enumerate() {
            let before = &alone[(at + round * 41) % texts.len()];
            for head in model
                .card()
                .heads
                .keys()
                .map(String::as_str)
                .chain(before.row("embedding").is_ok().then_some("embedding"))
            {
                let bits = |row: &[f32]| row.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                assert_eq!(
                    bits(before.row(head).unwrap()),
                    bits(output.as_ref().unwrap().row(head).unwrap()),
                    "{head}"
                );
            }
        }
    }
}

#[tokio::test]
async fn the_same_text_gets_bitwise_the_same_answer_in_any_batch() {
    same_bits_alone_and_together(tiny().await).await;
}

#[tokio::test]
async fn the_real_bundles_answer_bitwise_the_same_in_any_batch() {
    for kind in [Kind::Classifier, Kind::Encoder] {
        if find(kind.default_folder()).is_some_and(|folder| folder.join("bundle.json").is_file()) {
            same_bits_alone_and_together(Model::open(kind, None, &ModelSettings::default()).await.unwrap())
                .await;
        }
    }
}

#[tokio::test]
async fn many_callers_at_once_are_all_answered() {
    let model = Arc::new(tiny().await);
    let asked = (0..3_000).map(|n| {
        let model = Arc::clone(&model);
        tokio::spawn(async move { model.run(&format!("refund {}", "please ".repeat(n % 40))).await })
    });
    for answer in futures::future::join_all(asked).await {
        assert!(answer.unwrap().is_ok());
    }
}

#[tokio::test]
async fn a_missing_bundle_is_named_with_its_setting() {
    let (setting, problem) =
        refusal(Kind::Encoder, Path::new("no/such/folder"), &ModelSettings::default()).await;
    assert_eq!(setting, "SWITCHYARD_ENCODER");
    assert!(problem.starts_with("cannot read no/such/folder/bundle.json: "), "{problem}");
}

#[tokio::test]
async fn a_missing_library_is_named_with_its_setting() {
    let settings = ModelSettings { library: Some("no/such.so".into()), ..ModelSettings::default() };
    let (setting, problem) = refusal(Kind::Classifier, &fixture("tiny"), &settings).await;
    assert_eq!(setting, "ORT_DYLIB_PATH");
    assert_eq!(problem, "no/such.so is not there; it must be ONNX Runtime 1.24 or later");
}

#[tokio::test]
async fn a_file_that_was_changed_is_refused() {
    let folder = changed("\"format\": 1", "\"format\": 1");
    let tokenizer = folder.path().join("tokenizer.json");
    let text = std::fs::read_to_string(&tokenizer).unwrap();
    std::fs::write(&tokenizer, text + " ").unwrap();
    let (setting, problem) = refusal(Kind::Classifier, folder.path(), &ModelSettings::default()).await;
    assert_eq!(setting, "SWITCHYARD_CLASSIFIER");
    assert!(problem.contains("tokenizer.json has digest sha256:"), "{problem}");
}

#[tokio::test]
async fn a_card_that_this_code_does_not_know_is_refused() {
    for (from, to, expected) in [
        ("\"format\": 1", "\"format\": 2", "bundle.json: format 2 is not known, only 1"),
        ("\"preprocessing\": 1", "\"preprocessing\": 7", "bundle.json: preprocessing 7 is not known, only 1"),
        (
            "\"kind\": \"classifier\"",
            "\"kind\": \"encoder\"",
            "bundle.json: is a bundle of kind encoder, not classifier",
        ),
        (
            "\"temperature\": 0.5",
            "\"temperature\": -1",
            "bundle.json: heads.intent.temperature -1 is not above zero",
        ),
        ("\"newsletter_subscription\",", "", "model.onnx: output 'intent' has 29 places for 28 labels"),
        ("\"language\"", "\"tongue\"", "missing field `language`"),
    ] {
        let folder = changed(from, to);
        let (_, problem) = refusal(Kind::Classifier, folder.path(), &ModelSettings::default()).await;
        assert!(problem.contains(expected), "{problem}");
    }
}

#[tokio::test]
async fn a_model_that_answers_otherwise_than_its_golden_examples_is_refused() {
    let folder = changed("\"probability\": 0.9351", "\"probability\": 0.9");
    let (_, problem) = refusal(Kind::Classifier, folder.path(), &ModelSettings::default()).await;
    let expected = "fails its golden example 'I want to cancel the order': expected cancel_order 0.900, got cancel_order 0.935";
    assert!(problem.ends_with(expected), "{problem}");
}

#[tokio::test]
async fn a_file_that_is_no_model_is_refused_by_every_session() {
    let folder = changed("\"format\": 1", "\"format\": 1");
    let path = folder.path().join("bundle.json");
    let card: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let digest = card["files"]["model.onnx"].as_str().unwrap().to_owned();
    let nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    std::fs::write(&path, std::fs::read_to_string(&path).unwrap().replace(&digest, nothing)).unwrap();
    std::fs::write(folder.path().join("model.onnx"), "").unwrap();
    let (_, problem) = refusal(Kind::Classifier, folder.path(), &ModelSettings::default()).await;
    assert!(problem.contains("model.onnx: "), "{problem}");
}

#[test]
fn a_file_that_is_no_library_is_refused_and_the_right_one_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let fake = folder.path().join("libonnxruntime.so");
    std::fs::write(&fake, "not a library").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let settings = ModelSettings { library: Some(fake), ..ModelSettings::default() };
    let (setting, _) = runtime.block_on(refusal(Kind::Classifier, &fixture("tiny"), &settings));
    assert_eq!(setting, "ORT_DYLIB_PATH");
    runtime.block_on(tiny());
}
